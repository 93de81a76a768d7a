"""One exchange with a civil registry: build, sign, send, verify the answer, tie it to its question.

Built on the two methods of the base client that exist on every OpenSPP (``_build_envelope`` and
``_make_request``), so that it works beside any of them.
"""

import re
import secrets
from datetime import datetime, timezone

from requests import RequestException

from . import dialects, records
from .explanations import RegistryError
from .pending_search import PendingSearch
from .record_values import lenient_text
from .strict_client import StrictClient
from .trust import Answer, sign_http, sign_jws, verified_message

_CODE = re.compile(r"[^A-Za-z0-9._:-]")
_CALLBACK_PATH = "/dci/crvs/callback"

# Stands for an item that the registry owes us.
UNANSWERED = records.SearchItem(
    status="pdng",
    reason_code="",
    reason_message="",
    raw_records=(),
    reg_type="",
    page=None,
    page_size=None,
    total=None,
    people=(),
    problem="",
)
# The same, told apart by identity, where it answered our message and not this question of it.
LEFT_OUT = UNANSWERED._replace()
# What tells an answer from a mere acknowledgement.
_CONTENT = {"search_response", "subscribe_response", "subscription_status", "txnstatus_response"}


def new_ids(count):
    """Return ids that nobody guesses: 128 random bits each, as 32 hexadecimal digits."""
    digits = secrets.token_hex(16 * count)
    return [digits[start : start + 32] for start in range(0, len(digits), 32)]


def new_id():
    """Return one id that nobody guesses."""
    return new_ids(1)[0]


def now_text():
    """Return the present as ISO 8601 with an offset, as every timestamp of the protocol."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


class Registry:
    """A civil registry as one data source describes it.

    :param env: environment of the caller, for the language
    :param data_source: ``spp.dci.data.source``; read with higher rights, since it holds the
        credentials, which never leave this class
    """

    def __init__(self, env, data_source):
        self.env = env
        self.data_source = data_source.sudo()
        self.dialect = dialects.get(self.data_source.dialect)
        self.client = StrictClient(self.data_source, self.data_source.env)

    def search(self, criteria, read=records.read_person):
        """Ask several things in one message and wait for the answers.

        :param list[dict] criteria: ``search_criteria`` of the dialect
        :param read: how much of each record is needed, see ``records.read_search_response``
        :return: for each of the criteria its answer, in order. None means "no such record": the
            registry answered our transaction and left this one out, as its dialect may.
            ``LEFT_OUT`` and ``UNANSWERED`` stand for what it may not leave out.
        :rtype: list[SearchItem | None]
        :raise RegistryError: when nothing of the answer can be used
        :raise UserError: when the registry cannot be reached
        """
        search = self.begin_search(criteria, read)
        search.wait()
        return search.read()

    def begin_search(self, criteria, read=records.read_person):
        """As :meth:`search`, with each step when the caller wants it.

        :rtype: PendingSearch
        """
        references = new_ids(len(criteria))
        message = self.search_message(new_id(), criteria, references)
        return PendingSearch(self, message, references, read)

    def read_search(self, answer, transaction_id, references, read=records.read_person):
        """Tie what a registry answered to what was asked.

        :param dict answer: ``message`` of the answer
        :param str transaction_id: of our request
        :param list[str] references: reference ids of our request
        :param read: see :meth:`search`
        :return: see :meth:`search`
        :raise RegistryError: when this is no answer to our request
        """
        if "search_response" not in answer:
            raise RegistryError(self.env, "not_ready")
        try:
            items = records.read_search_response(
                answer, self.data_source.crvs_timezone or None, read
            )
        except records.InvalidRecord:
            raise RegistryError(self.env, "unreadable") from None
        if len(references) == 1 and items.keys() == {""}:
            self.check_transaction(answer, transaction_id)
            items = {references[0]: items[""]}
        tied = not items.keys().isdisjoint(references)
        self.check_transaction(answer, transaction_id, tied)
        if items and not tied:
            raise RegistryError(self.env, "other_transaction")
        # An empty answer to one question says "not found"; whether a single one may be left out
        # of many is the dialect's affair. What an item without our reference speaks of is unknown.
        missing = UNANSWERED
        if items.keys() <= {*references}:
            if self.dialect.leaves_out_what_is_not_found or len(references) == 1:
                missing = None
            else:
                missing = LEFT_OUT
        return [items.get(reference, missing) for reference in references]

    def check_transaction(self, answer, transaction_id, tied=False):
        """Check that an answer over our own connection belongs to our request.

        :param dict answer: ``message`` of the answer
        :param str transaction_id: of our request
        :param bool tied: whether a reference id of ours ties it already, so that the transaction
            id may be empty, as some registries leave it
        :raise RegistryError: when it names another transaction
        """
        answered = answer.get("transaction_id")
        if answered != transaction_id and not (tied and answered in (None, "")):
            raise RegistryError(self.env, "other_transaction")

    def search_message(self, transaction_id, criteria, references):
        """Build the message of a search.

        :param str transaction_id: 128 random bits, ours
        :param list[dict] criteria: ``search_criteria`` of the dialect
        :param list[str] references: a reference id for each of the criteria, ours and random too
        :rtype: dict
        """
        timestamp = now_text()
        return {
            "transaction_id": transaction_id,
            "search_request": [
                {
                    "reference_id": reference,
                    "timestamp": timestamp,
                    "search_criteria": criterion,
                    "locale": self.dialect.locale,
                }
                for reference, criterion in zip(references, criteria, strict=True)
            ],
        }

    def exchange(self, action, message, endpoint, callback=False):
        """Send one message and return what came back, verified.

        :param str action: of the header, such as ``search``
        :param dict message: the request
        :param str endpoint: path below the data source's base URL
        :param bool callback: whether the registry is told where to answer later
        :return: the answer, or the acknowledgement, which nobody signs
        :rtype: Answer
        :raise RegistryError: when the registry refuses, or its answer cannot be trusted or read
        :raise UserError: when it cannot be reached
        """
        return self.accept(self.send(endpoint, self.write(action, message, callback)))

    def write(self, action, message, callback=False):
        """Put a message into the envelope that the registry expects, see :meth:`exchange`.

        :rtype: dict
        """
        url = self.callback_url() if callback else None
        return self._finish(self.client._build_envelope(action, message, callback_url=url))

    def send(self, endpoint, envelope):
        """Send an envelope and return what came back, as the base client does.

        :raise UserError: when the registry cannot be reached
        """
        try:
            return self.client._make_request(endpoint, envelope)
        except RequestException:
            raise RegistryError(self.env, "unreachable") from None

    @property
    def sends_next(self):
        """Whether the base client knows :meth:`send_next`; another one may not."""
        return hasattr(self.client, "_send_next")

    def send_next(self, endpoint, envelope):
        """Have an envelope sent right after the next answer.

        :meth:`send` is to be called for it all the same.
        """
        self.client._send_next(endpoint, envelope)

    def is_under_way(self, envelope):
        """Whether an envelope is sent, and its answer not yet taken."""
        return self.sends_next and self.client._is_under_way(envelope)

    def accept(self, answer):
        """Verify what came back, see :meth:`exchange`.

        :rtype: Answer
        :raise RegistryError: when the registry refuses, or its answer cannot be trusted or read
        """
        content = answer.get("message") if isinstance(answer, dict) else None
        if not isinstance(content, dict):
            if isinstance(answer, dict) and isinstance(answer.get("header"), dict):
                self._check_accepted(answer["header"])
            raise RegistryError(self.env, "unreadable")
        if "ack_status" in content and _CONTENT.isdisjoint(content):
            if lenient_text(content["ack_status"]).upper() != "ACK":
                error = content.get("error")
                code = error.get("code") if isinstance(error, dict) else ""
                raise RegistryError(self.env, "rejected", safe_code(code))
            return Answer({}, content, dict(answer))
        received = verified_message(self.env, self.data_source, answer, self.client.envelope_of)
        self._check_accepted(received.header)
        return received

    def _check_accepted(self, header):
        if lenient_text(header.get("status")).lower() == "rjct":
            code = safe_code(header.get("status_reason_code"))
            raise RegistryError(self.env, "rejected", code)

    def endpoint(self, name):
        """Return the path of an endpoint; registries move all of them together.

        :param str name: as in the standard, such as ``sync/search`` or ``unsubscribe``
        """
        source = self.data_source
        if name == "subscribe" and source.subscribe_endpoint:
            return source.subscribe_endpoint
        search = source.search_endpoint or "/registry/sync/search"
        if name == "sync/search":
            return search
        base = search.removesuffix("/search").removesuffix("/sync")
        return f"{base}/{name}"

    def callback_url(self):
        """Return the address at which this registry reaches us."""
        return self.data_source.our_callback_uri or self._public_url() + _CALLBACK_PATH

    def _public_url(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return (parameters.get_param("web.base.url") or "").rstrip("/")

    def _finish(self, built):
        """Bring an envelope of the base client into the form that the registry expects."""
        header, message = dict(built["header"]), built["message"]
        items = message.get("search_request") or message.get("subscribe_request") or [None]
        header["total_count"] = len(items)
        header["sender_id"] = self.dialect.sender_id(
            header.get("sender_id") or self.data_source.our_sender_id or "", self._public_url()
        )
        for name in ("sender_uri", "receiver_id", "meta"):
            if header.get(name) in ("", None, False):
                header.pop(name, None)
        if header == built["header"] and self.dialect.signature_profile == "http-signature":
            return built
        # What is signed is written with sorted names, as the base client sends its messages.
        header = dict(sorted(header.items()))
        sign = sign_jws if self.dialect.signature_profile == "jws" else sign_http
        return {
            "signature": sign(self.env, self.data_source, header, message),
            "header": header,
            "message": message,
        }


def safe_code(value):
    """Cut a registry's reason code down to what may be shown and kept."""
    return _CODE.sub("", value)[:99] if isinstance(value, str) else ""
