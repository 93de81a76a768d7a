"""The client that other addons use."""

import json
import time

from . import failures, messages
from .poster import Poster
from .response import DCIResponse
from .signing import canonical, sign

JWKS_PATH = "/.well-known/jwks.json"


class DCIClient:
    """Asks one registry, in the words of the DCI standard.

    Each public method returns the registry's decoded envelope as a `DCIResponse`, whatever it
    says, and raises a `DCIClientError` when there is no such answer: `DCIUnavailableError`,
    `DCIAuthenticationError`, `DCIRefusedError` or `DCIAnswerError`. None of them verifies the
    answer's signature; `DCIResponse.body` has the received text for that.

    :param data_source: a `spp.dci.data.source` record.
    :param env: the environment to work in. Its transaction is neither committed nor written to.
    """

    def __init__(self, data_source, env):
        data_source.ensure_one()
        self.data_source = data_source.with_env(env)
        self.env = env
        # Callers need not be allowed to see credentials to have a question asked with them.
        self._settings = self.data_source.sudo()
        self._poster = Poster(self._settings)

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
        :return: DCIResponse
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
        return self._make_request(self._settings.search_endpoint, envelope)

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
        :return: DCIResponse, the acknowledgement
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
        endpoint = self._settings.search_endpoint.replace("/sync/", "/")
        return self._make_request(endpoint, envelope)

    def search_by_id(self, identifier_type, identifier_value, **options):
        """Search by one identifier.

        :param str identifier_type: `UIN`, `BRN` …
        :param str identifier_value: its value.
        :param options: further arguments of :meth:`search`.
        :return: DCIResponse
        """
        query = {"type": identifier_type, "value": identifier_value}
        return self.search("idtype-value", query, **options)

    def search_by_expression(self, expression, **options):
        """Search by an expression in a language that the registry knows.

        :param expression: a text, or the standard's `query` as a dict.
        :param options: further arguments of :meth:`search`.
        :return: DCIResponse
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
        :return: DCIResponse
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
        :return: DCIResponse
        """
        predicate = messages.date_range(attribute_name, start_date, end_date)
        return self.search_by_predicate(predicate, registry_event_type=event_type, **options)

    def subscribe(self, event_type, filter_query=None, notify_record_type="Person"):
        """Ask to be notified of a kind of event.

        :param str event_type: as the registry names it.
        :param filter_query: the standard's `filter`; everything by default.
        :param str notify_record_type: the kind of record to be sent.
        :return: DCIResponse, the acknowledgement or the subscription at once
        """
        message = messages.subscribe(
            event_type=event_type,
            registry_type=self._settings.registry_type,
            query=filter_query,
            record_type=notify_record_type,
        )
        envelope = self._build_envelope("subscribe", message)
        return self._make_request(self._settings.subscribe_endpoint, envelope)

    def unsubscribe(self, subscription_codes):
        """End subscriptions.

        :param subscription_codes: a code or several.
        :return: DCIResponse
        """
        codes = subscription_codes
        codes = [codes] if isinstance(codes, str) else list(codes)
        envelope = self._build_envelope("unsubscribe", messages.unsubscribe(codes=codes))
        endpoint = _sibling(self._settings.subscribe_endpoint, "unsubscribe")
        return self._make_request(endpoint, envelope)

    def txn_status(self, attribute_value, attribute_type="transaction_id", txn_type="search"):
        """Ask what became of an earlier request.

        :param attribute_value: a text, or a list of these for the `…_list` types.
        :param str attribute_type: `transaction_id`, `reference_id_list`, `correlation_id` or
            `subscription_code_list`.
        :param str txn_type: what it was: `search`, `subscribe` or `unsubscribe`.
        :return: DCIResponse
        """
        message = messages.transaction_status(
            transaction_type=txn_type,
            attribute_type=attribute_type,
            attribute_value=attribute_value,
        )
        envelope = self._build_envelope("txn-status", message)
        endpoint = _sibling(self._settings.search_endpoint, "txn/status")
        return self._make_request(endpoint, envelope)

    def ping(self):
        """Reach the registry once, with a token asked for anew where it wants one.

        :return: None
        :raise DCIClientError: when it cannot be used as the data source says.
        """
        source = self._settings
        headers = source.get_headers()
        if source.auth_type == "oauth2":
            used = headers["Authorization"].partition(" ")[2]
            headers = self._poster.with_new_token(headers, used)
        answer = self._poster.exchange("GET", JWKS_PATH, headers, attempts=1)
        # Not every registry publishes keys: any other answer shows that it is there.
        if answer.status_code in (401, 403, 429) or answer.status_code >= 500:
            raise failures.of_status(self._settings, answer)

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
            registry_type=registry_type or self._settings.registry_type,
            event_type=event_type,
        )
        return self._build_envelope("search", message, callback_url)

    def _build_envelope(self, action, message, callback_url=None):
        """Put a message between header and signature.

        :param str action: the header's action.
        :param dict message: the message.
        :param str | None callback_url: where to answer, `our_callback_uri` by default.
        :return: dict of `signature` (empty without an active key), `header` and `message`
        """
        source = self._settings
        header = {
            "version": messages.VERSION,
            "message_id": messages.random_id(),
            "message_ts": messages.timestamp(),
            "action": action,
            "sender_id": source.our_sender_id or "",
            "total_count": messages.count_requests(message),
            "is_msg_encrypted": False,
        }
        if sender_uri := callback_url or source.our_callback_uri:
            header["sender_uri"] = sender_uri
        if source.receiver_id:
            header["receiver_id"] = source.receiver_id
        signature = ""
        key = source.signing_key_id
        if key.state == "active" and key.private_key:
            header, message = canonical(header), canonical(message)
            signature = sign(
                header,
                message,
                sender_id=header["sender_id"],
                key_id=key.key_id,
                algorithm=key.algorithm,
                private_key=key._load_private_key(),
                now=time.time(),
            )
        return {"signature": signature, "header": header, "message": message}

    def _make_request(self, endpoint, envelope):
        """Post an envelope and decode the answer.

        Every repetition sends the same bytes, so that the registry can tell it is one.

        :param str endpoint: path below the data source's base URL.
        :param dict envelope: sent as it is, in its order.
        :return: DCIResponse
        :raise DCIClientError: when there is no answer, or none that is a JSON object.
        """
        answer = self._poster.post(endpoint, envelope)
        try:
            data = self._decode(answer.body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise failures.unreadable(self._settings, answer.status_code)
        return DCIResponse(
            data, body=answer.body, status_code=answer.status_code, in_doubt=answer.in_doubt
        )

    def _decode(self, body):
        """Decode an answer; to be replaced by who reads more strictly.

        :param bytes body: as received.
        :return: the JSON value
        :raise ValueError: when it is none.
        """
        return json.loads(body)

    def _send_next(self, endpoint, envelope):
        """Have an envelope posted as soon as the next request is answered.

        So that the registry works on it while the caller reads that answer; a registry never gets
        two at once. `_make_request` then waits for its answer. It posts the envelope itself when
        the request before it failed, or went another way.

        :param str endpoint: as for `_make_request`.
        :param dict envelope: the very object that `_make_request` will be given.
        """
        self._poster.post_next(endpoint, envelope)

    def _is_under_way(self, envelope):
        """:return: whether an envelope given to `_send_next` is sent and its answer not taken"""
        return self._poster.is_under_way(envelope)


def _sibling(endpoint, name):
    """:return: the path beside another: registries move all their endpoints together."""
    return f"{endpoint.rpartition('/')[0]}/{name}"
