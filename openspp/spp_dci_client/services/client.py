"""The client that other addons use, with the limits of OpenSPP's own.

It signs Ed25519 only, opens a connection for each request, repeats nothing but what a token that
has expired kept out, hands over answers decoded and unverified, and tells what went wrong only by
the cause of its `UserError`. On an HTTP error it writes request and answer into the log.
"""

import logging
import time
from functools import lru_cache

import httpx

from odoo.exceptions import UserError

from . import messages
from .signing import sign

_logger = logging.getLogger(__name__)

JWKS_PATH = "/.well-known/jwks.json"


@lru_cache(maxsize=2)
def tls_context(verify):
    """:return: how TLS is spoken; read once, since the certificates take longer than a request"""
    return httpx.create_ssl_context(verify=verify)


class DCIClient:
    """Asks one registry, in the words of the DCI standard.

    Each public method returns the registry's decoded envelope, whatever it says.

    :param data_source: a `spp.dci.data.source` record.
    :param env: the environment to work in.
    """

    def __init__(self, data_source, env):
        data_source.ensure_one()
        self.env = env
        # Callers need not be allowed to see credentials to have a question asked with them.
        self.data_source = data_source.with_env(env).sudo()

    def search(
        self,
        query_type,
        query_value,
        record_type="PERSON",
        page=1,
        page_size=10,
        registry_type=None,
        registry_event_type=None,
    ):
        """Search and wait for the result.

        :param str query_type: `idtype-value`, `expression`, `predicate` or `graphql`.
        :param query_value: the standard's `query`: a dict, or a list for a predicate.
        :param str record_type: what to find; names unknown here are sent as they are.
        :param int page: from 1.
        :param int page_size: records per page.
        :param str | None registry_type: instead of the data source's own.
        :param str | None registry_event_type: only records of this event.
        :return: dict
        """
        envelope = self._search_envelope(
            query_type,
            query_value,
            record_type,
            page,
            page_size,
            registry_type,
            registry_event_type,
        )
        return self._make_request(self.data_source.search_endpoint, envelope)

    def search_async(
        self,
        query_type,
        query_value,
        record_type="PERSON",
        page=1,
        page_size=10,
        registry_type=None,
        registry_event_type=None,
        callback_url=None,
    ):
        """Search, and have the result sent to a callback. Parameters as in :meth:`search`.

        :param str | None callback_url: instead of the data source's `our_callback_uri`.
        :return: dict, the acknowledgement
        """
        envelope = self._search_envelope(
            query_type,
            query_value,
            record_type,
            page,
            page_size,
            registry_type,
            registry_event_type,
            callback_url=callback_url,
        )
        endpoint = self.data_source.search_endpoint.replace("/sync/", "/")
        return self._make_request(endpoint, envelope)

    def search_by_id(self, identifier_type, identifier_value, **options):
        """Search by one identifier.

        :param str identifier_type: `UIN`, `BRN` …
        :param str identifier_value: its value.
        :param options: further arguments of :meth:`search`.
        :return: dict
        """
        query = {"type": identifier_type, "value": identifier_value}
        return self.search("idtype-value", query, **options)

    def search_by_expression(self, expression, **options):
        """Search by an expression in a language that the registry knows.

        :param expression: a text, or the standard's `query` as a dict.
        :param options: further arguments of :meth:`search`.
        :return: dict
        """
        if isinstance(expression, str):
            expression = {
                "type": "ns:org:QueryType:expression",
                "value": {"expression": expression},
            }
        return self.search("expression", expression, **options)

    def search_by_predicate(self, predicate, **options):
        """Search by comparisons of attributes.

        :param predicate: a condition as the standard has it (`expression1`, `condition`,
            `expression2`), or a list of these.
        :param options: further arguments of :meth:`search`.
        :return: dict
        """
        query = [predicate] if isinstance(predicate, dict) else list(predicate)
        return self.search("predicate", query, **options)

    def search_by_date_range(
        self, start_date, end_date, attribute_name="birth_date", event_type=None, **options
    ):
        """Search by a date.

        :param start_date: first day, a date or its ISO text.
        :param end_date: last day, likewise.
        :param str attribute_name: which date.
        :param str | None event_type: only records of this event.
        :param options: further arguments of :meth:`search`.
        :return: dict
        """
        predicate = messages.date_range(attribute_name, start_date, end_date)
        return self.search_by_predicate(predicate, registry_event_type=event_type, **options)

    def subscribe(self, event_type, filter_query=None, notify_record_type="Person"):
        """Ask to be notified of a kind of event.

        :param str event_type: as the registry names it.
        :param filter_query: the standard's `filter`; everything by default.
        :param str notify_record_type: the kind of record to be sent.
        :return: dict, the acknowledgement or the subscription at once
        """
        message = messages.subscribe(
            event_type=event_type,
            registry_type=self.data_source.registry_type,
            query=filter_query,
            record_type=notify_record_type,
        )
        envelope = self._build_envelope("subscribe", message)
        return self._make_request(self.data_source.subscribe_endpoint, envelope)

    def unsubscribe(self, subscription_codes):
        """End subscriptions.

        :param subscription_codes: a code or several.
        :return: dict
        """
        codes = subscription_codes
        codes = [codes] if isinstance(codes, str) else list(codes)
        envelope = self._build_envelope("unsubscribe", messages.unsubscribe(codes=codes))
        endpoint = _sibling(self.data_source.subscribe_endpoint, "unsubscribe")
        return self._make_request(endpoint, envelope)

    def txn_status(self, attribute_value, attribute_type="transaction_id", txn_type="search"):
        """Ask what became of an earlier request.

        :param attribute_value: a text, or a list of these for the `…_list` types.
        :param str attribute_type: `transaction_id`, `reference_id_list`, `correlation_id` or
            `subscription_code_list`.
        :param str txn_type: what it was: `search`, `subscribe` or `unsubscribe`.
        :return: dict
        """
        message = messages.transaction_status(
            transaction_type=txn_type,
            attribute_type=attribute_type,
            attribute_value=attribute_value,
        )
        envelope = self._build_envelope("txn-status", message)
        endpoint = _sibling(self.data_source.search_endpoint, "txn/status")
        return self._make_request(endpoint, envelope)

    def search_by_id_opencrvs(
        self, identifier_type, identifier_value, event_type="birth", **options
    ):
        """Search a register of OpenCRVS by one identifier.

        :param str event_type: which register.
        :param options: further arguments of :meth:`search`.
        :return: dict
        """
        registry_type = f"ocrvs:registry_type:{event_type}"
        query = {"type": identifier_type, "value": identifier_value}
        return self.search("idtype-value", query, registry_type=registry_type, **options)

    def ping(self):
        """Reach the registry once.

        :raise UserError: when it cannot be used as the data source says.
        """
        url = f"{self.data_source.base_url.rstrip('/')}{JWKS_PATH}"
        try:
            answer = self._send("GET", url)
            # Not every registry publishes keys: any other answer shows that it is there.
            if answer.status_code in (401, 403, 429) or answer.status_code >= 500:
                answer.raise_for_status()
        except httpx.HTTPError as error:
            raise UserError(self._describe(error)) from error

    def _search_envelope(
        self,
        query_type,
        query,
        record_type,
        page,
        page_size,
        registry_type,
        event_type,
        callback_url=None,
    ):
        message = messages.search(
            query_type=query_type,
            query=query,
            record_type=record_type,
            page=page,
            page_size=page_size,
            registry_type=registry_type or self.data_source.registry_type,
            event_type=event_type,
        )
        return self._build_envelope("search", message, callback_url)

    def _build_envelope(self, action, message, callback_url=None):
        """Put a message between header and signature.

        :param str action: the header's action.
        :param dict message: the message.
        :param str | None callback_url: where to answer, `our_callback_uri` by default.
        :return: dict of `header`, `message` and `signature`
        :raise UserError: when the signing key cannot sign.
        """
        source = self.data_source
        header = {
            "version": messages.VERSION,
            "message_id": messages.random_id(),
            "message_ts": messages.timestamp(),
            "action": action,
            "sender_id": source.our_sender_id or "",
            "sender_uri": callback_url or source.our_callback_uri or "",
            "receiver_id": source.receiver_id or "",
            "total_count": messages.count_requests(message),
            "is_msg_encrypted": False,
            "meta": {},
        }
        signature = self._sign_request(header, message)
        return {"signature": signature, "header": header, "message": message}

    def _sign_request(self, header, message):
        """Sign a request.

        :return: str, empty without a key
        :raise UserError: when the key is not active, or not one of Ed25519.
        """
        key = self.data_source.signing_key_id
        if not key:
            return ""
        if key.state != "active":
            raise UserError(self.env._("The signing key %s is not active.", key.name))
        if key.algorithm != "ed25519":
            raise UserError(self.env._("Only Ed25519 keys can sign."))
        return sign(
            header,
            message,
            sender_id=header["sender_id"],
            key_id=key.key_id,
            private_key=key._load_private_key(),
            now=time.time(),
        )

    def _make_request(self, endpoint, envelope):
        """Post an envelope and decode the answer.

        :param str endpoint: path below the data source's base URL.
        :param dict envelope: sent as it is, in its order.
        :return: the JSON value received
        :raise UserError: when there is no answer, or none that is JSON; its cause tells why.
        """
        source = self.data_source
        url = f"{source.base_url.rstrip('/')}/{endpoint.lstrip('/')}"
        try:
            response = self._send("POST", url, json=envelope)
            if response.status_code == 401 and source.auth_type == "oauth2":
                source.clear_oauth2_token_cache()
                response = self._send("POST", url, json=envelope)
            response.raise_for_status()
            return response.json()
        except httpx.HTTPStatusError as error:
            # As OpenSPP's own client does. Whoever sends personal data has to see to it.
            _logger.error(
                "DCI request to %s failed: HTTP %s. Request: %s Answer: %s",
                url,
                error.response.status_code,
                envelope,
                error.response.text,
            )
            raise UserError(self._describe(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise UserError(self._describe(error)) from error

    def _send(self, method, url, **content):
        source = self.data_source
        with httpx.Client(timeout=source.timeout, verify=tls_context(source.verify_ssl)) as http:
            return http.request(method, url, headers=source.get_headers(), **content)

    def _describe(self, error):
        name = self.data_source.name
        if isinstance(error, httpx.HTTPStatusError):
            return self.env._(
                "%(name)s refused the request: HTTP %(status)s.",
                name=name,
                status=error.response.status_code,
            )
        if isinstance(error, httpx.HTTPError):
            return self.env._("%(name)s cannot be reached.", name=name)
        return self.env._("%(name)s sent an answer that cannot be read.", name=name)


def _sibling(endpoint, name):
    """:return: the path beside another: registries move all their endpoints together."""
    return f"{endpoint.rpartition('/')[0]}/{name}"
