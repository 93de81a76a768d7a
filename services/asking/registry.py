"""One exchange with a civil registry: build, sign, send, verify the answer, tie it to its question.

Built on the two methods of the base client that exist on every OpenSPP (``_build_envelope`` and
``_make_request``), so that it works beside any of them.
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import datetime, timezone
from typing import Any

import psycopg2

from odoo.api import Environment

from odoo.addons.spp_dci_client.services import DCIClient

from .. import dialects, log_guard, records
from ..own_cursor import lock, own_attempts
from ..records.search_answers import leaves_open, merge
from ..records.values import lenient_text
from .base_client import Failure, failure_of, make_client
from .explanations import RegistryError
from .trust import Answer, sign_http, sign_jws, verified_message

_CODE = re.compile(r"[^A-Za-z0-9._:-]")
# Of one identifier no more pages are read; what lies behind is "found more than it sent".
_MOST_PAGES = 20
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
OMITTED = UNANSWERED._replace()
# What tells an answer from a mere acknowledgement.
_CONTENT = {"search_response", "subscribe_response", "subscription_status", "txnstatus_response"}


def new_ids(count: Any) -> Any:
    """Return ids that nobody guesses: 128 random bits each, as 32 hexadecimal digits."""
    digits = secrets.token_hex(16 * count)
    return [digits[start : start + 32] for start in range(0, len(digits), 32)]


def new_id() -> Any:
    """Return one id that nobody guesses."""
    return new_ids(1)[0]


def now_text() -> Any:
    """Return the present as ISO 8601 with an offset, as every timestamp of the protocol."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


class Registry:
    """A civil registry as one data source describes it.

    :param env: environment of the caller, for the language
    :param data_source: ``spp.dci.data.source``; read with higher rights, since it holds the
        credentials, which never leave this class
    :param client_class: of the base module
    :param dialect: code of another dialect than the data source's, to try it
    :param is_trial: the caller writes on the data source what came of it, so that no other
        transaction may do so meanwhile: the caller counts the questions too
    """

    def __init__(
        self,
        env: Environment,
        data_source: Any,
        client_class: Any = DCIClient,
        dialect: str | None = None,
        is_trial: bool = False,
    ) -> None:
        self.env = env
        self.is_trial = is_trial
        self.data_source = data_source.sudo()
        self.dialect = dialects.get(dialect or self.data_source.dialect)
        self.client = make_client(client_class, self.data_source, self.data_source.env)

    def search(self, criteria: list[dict[str, Any]], read: Any = records.read_person) -> Any:
        """Ask several things in one message and wait for the answers.

        :param criteria: ``search_criteria`` of the dialect
        :param read: how much of each record is needed, see ``records.read_search_response``
        :return: for each of the criteria its answer, in order. None means "no such record": the
            registry answered our transaction and left this one out, as its dialect may.
            ``OMITTED`` and ``UNANSWERED`` stand for what it may not leave out.
        :rtype: list[SearchItem | None]
        :raise RegistryError: when nothing of the answer can be used
        :raise UserError: when the registry cannot be reached
        """
        references = new_ids(len(criteria))
        message = self.search_message(new_id(), criteria, references)
        try:
            answer = self.exchange("search", message, self.endpoint("sync/search"))
        except RegistryError as error:
            if self.learns_from(error, criteria):
                return self.search(criteria, read)
            raise
        return self.read_search(answer, message["transaction_id"], references, read)

    def lookup(self, criteria: list[dict[str, Any]], read: Any = records.read_person) -> Any:
        """Ask as :meth:`search` does, and read what has several pages to the end.

        An identifier can lead to many records of relatives, each of whom was informant or mother.

        :param criteria: ``search_criteria`` of the dialect, for their first page
        :param read: see :meth:`search`
        :return: see :meth:`search`
        """
        items = self.search(criteria, read)
        return [
            self._read_on(criterion, item, read) if item is not None and _has_more(item) else item
            for criterion, item in zip(criteria, items, strict=True)
        ]

    def _read_on(self, criterion: dict[str, Any], item: Any, read: Any) -> Any:
        for page in range(2, _MOST_PAGES + 1):
            pagination = {**criterion["pagination"], "page_number": page}
            (more,) = self.search([{**criterion, "pagination": pagination}], read)
            if more is None or not more.raw_records:
                break
            item = merge(item, more)
            if not _has_more(item):
                break
        # Pages that shifted have brought a record twice, and may have left out another.
        different = {json.dumps(raw, sort_keys=True) for raw in item.raw_records}
        if len(different) < item.total:
            return item._replace(total=len(item.raw_records) + 1)
        return item

    def learns_from(self, error: RegistryError, criteria: list[dict[str, Any]]) -> bool:
        """Remember that this registry takes expressions only, if that is what it said.

        :param error: with which it refused
        :param criteria: that it refused
        :return: whether to ask again
        """
        source = self.data_source
        if not error.wants_expression or source.crvs_by_expression:
            return False
        if not all(self.dialect.as_expression(criterion) for criterion in criteria):
            return False
        if self.is_trial:
            source.crvs_by_expression = True
            return True
        for attempt in own_attempts(source):
            with attempt as own:
                lock(own).crvs_by_expression = True
        # The caller's snapshot may be older.
        self.env.cache.set(source, source._fields["crvs_by_expression"], True)
        return True

    def read_search(
        self,
        answer: Answer,
        transaction_id: str,
        references: list[str],
        read: Any = records.read_person,
    ) -> Any:
        """Tie what a registry answered to what was asked.

        :param answer: what came back
        :param transaction_id: of our request
        :param references: reference ids of our request
        :param read: see :meth:`search`
        :return: see :meth:`search`
        :raise RegistryError: when this is no answer to our request
        """
        message = answer.message
        if "search_response" not in message:
            raise RegistryError(self.env, "not_ready")
        try:
            items = records.read_search_response(
                message, self.data_source.crvs_timezone or None, read, answer.header
            )
        except records.InvalidRecord:
            raise RegistryError(self.env, "unreadable") from None
        if len(references) == 1 and items.keys() == {""}:
            self.check_transaction(message, transaction_id)
            items = {references[0]: items[""]}
        tied = not items.keys().isdisjoint(references)
        self.check_transaction(message, transaction_id, tied)
        if items and not tied:
            raise RegistryError(self.env, "other_transaction")
        # An empty answer to one question says "not found"; whether a single one may be left out
        # of many is the dialect's affair. What an item without our reference speaks of is unknown,
        # and so is everything that is missing while the registry has not finished.
        missing: records.SearchItem | None = UNANSWERED
        if items.keys() <= {*references} and not leaves_open(answer.header):
            if self.dialect.leaves_out_what_is_not_found or len(references) == 1:
                missing = None
            else:
                missing = OMITTED
        return [items.get(reference, missing) for reference in references]

    def check_transaction(
        self, answer: dict[str, Any], transaction_id: str, tied: bool = False
    ) -> None:
        """Check that an answer over our own connection belongs to our request.

        :param answer: ``message`` of the answer
        :param transaction_id: of our request
        :param tied: whether a reference id of ours ties it already, so that the transaction
            id may be empty, as some registries leave it
        :raise RegistryError: when it names another transaction
        """
        answered = answer.get("transaction_id")
        if answered != transaction_id and not (tied and answered in (None, "")):
            raise RegistryError(self.env, "other_transaction")

    def search_message(
        self, transaction_id: str, criteria: list[dict[str, Any]], references: list[str]
    ) -> dict[str, Any]:
        """Build the message of a search.

        :param transaction_id: 128 random bits, ours
        :param criteria: ``search_criteria`` of the dialect
        :param references: a reference id for each of the criteria, ours and random too
        """
        timestamp, questions = now_text(), []
        for reference, criterion in zip(references, criteria, strict=True):
            if self.data_source.crvs_by_expression:
                criterion = self.dialect.as_expression(criterion) or criterion
            question = {
                "reference_id": reference,
                "timestamp": timestamp,
                "search_criteria": criterion,
                "locale": self.dialect.locale,
                **self.dialect.question_members(self._public_url()),
            }
            questions.append(question)
        return {"transaction_id": transaction_id, "search_request": questions}

    def exchange(
        self, action: str, message: dict[str, Any], endpoint: str, callback: bool = False
    ) -> Answer:
        """Send one message and return what came back, verified.

        :param action: of the header, such as ``search``
        :param message: the request
        :param endpoint: path below the data source's base URL
        :param callback: whether the registry is told where to answer later
        :return: the answer, or the acknowledgement, which nobody signs
        :raise RegistryError: when the registry refuses, or its answer cannot be trusted or read
        :raise UserError: when it cannot be reached
        """
        envelope = self.write(action, message, callback)
        self.get_ready()
        if action == "search":
            self._count_search()
        return self.exchange_written(endpoint, envelope)

    def _count_search(self) -> None:
        """Count a message with questions where the registry counts them too.

        :raise RegistryError: when those of today are used up
        """
        source = self.data_source
        if not source.crvs_daily_searches or self.is_trial:
            return
        for attempt in own_attempts(source):
            with attempt as own:
                count = lock(own)._crvs_count_search()
        if count > source.crvs_daily_searches:
            raise RegistryError(self.env, "quota")

    def exchange_written(self, endpoint: str, envelope: dict[str, Any]) -> Answer:
        """Send a written message and return what came back, see :meth:`exchange`."""
        return self.accept(self.send(endpoint, envelope))

    def get_ready(self) -> None:
        """Get the credentials at hand, so that what fails here is certain not to have left.

        :raise UserError: when there are none
        """
        with log_guard.requests_hidden():
            self.data_source.get_headers()

    def write(self, action: Any, message: Any, callback: bool = False) -> dict[str, Any]:
        """Put a message into the envelope that the registry expects, see :meth:`exchange`."""
        url = self.callback_url() if callback else None
        return self._finish(self.client._build_envelope(action, message, callback_url=url))

    def send(self, endpoint: str, envelope: dict[str, Any]) -> Any:
        """Send an envelope and return what came back, as the base client does.

        :raise RegistryError: when nothing came back that could be read
        """
        url = f"{(self.data_source.base_url or '').rstrip('/')}/{endpoint.lstrip('/')}"
        try:
            with log_guard.requests_hidden():
                return self.client._make_request(endpoint, envelope)
        except psycopg2.Error:
            raise
        except Exception as error:  # noqa: BLE001  base clients let through what they like
            raise self._failed(failure_of(error, url)) from None

    def _failed(self, failure: Failure) -> RegistryError:
        """Say why there is no answer."""
        status, detail = failure.status, failure.code
        if status is None:
            problem = "unreadable" if failure.unreadable else "unreachable"
        elif status in (401, 403) and self.data_source.signing_key_id:
            # What it could not verify, it may not have been able to.
            problem, detail = "keys_unreachable", self.key_address()
        elif status in (401, 403):
            problem = "not_let_in"
        elif status == 429:
            problem = "quota"
        elif status in (404, 405, 501):
            problem = "not_offered"
        elif status >= 500:
            problem = "busy"
        elif status < 400:
            problem = "moved"
        else:
            problem, detail = "rejected", detail or f"HTTP {status}"
        return RegistryError(self.env, problem, detail, failure)

    def accept(self, answer: Any) -> Answer:
        """Verify what came back, see :meth:`exchange`.

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
        received = verified_message(self.env, self.data_source, answer)
        self._check_accepted(received.header)
        return received

    def _check_accepted(self, header: dict[str, Any]) -> None:
        if lenient_text(header.get("status")).lower() == "rjct":
            code = safe_code(header.get("status_reason_code"))
            raise RegistryError(self.env, "rejected", code)

    def endpoint(self, name: str) -> Any:
        """Return the path of an endpoint; registries move all of them together.

        :param name: as in the standard, such as ``sync/search`` or ``unsubscribe``
        """
        source = self.data_source
        if name == "subscribe" and source.subscribe_endpoint:
            return source.subscribe_endpoint
        search = source.search_endpoint or "/registry/sync/search"
        if name == "sync/search":
            return search
        base = search.removesuffix("/search").removesuffix("/sync")
        return f"{base}/{name}"

    def callback_url(self) -> Any:
        """Return the address at which this registry reaches us."""
        return self.data_source.our_callback_uri or self._public_url() + _CALLBACK_PATH

    def key_address(self, our_sender_id: str | None = None) -> str:
        """Return where this registry finds the keys that verify our requests.

        :param our_sender_id: our name there, where it is another than the data source's
        """
        configured = our_sender_id or self.data_source.our_sender_id or ""
        name = self.dialect.sender_id(configured, self._public_url())
        base = name if name.startswith(("http://", "https://")) else self._public_url()
        return f"{base.rstrip('/')}/.well-known/jwks.json"

    def _public_url(self) -> Any:
        parameters = self.env["ir.config_parameter"].sudo()
        return (parameters.get_param("web.base.url") or "").rstrip("/")

    def _finish(self, built: Any) -> Any:
        """Bring an envelope of the base client into the form that the registry expects."""
        header, message = dict(built["header"]), built["message"]
        items = message.get("search_request") or message.get("subscribe_request") or [None]
        header["total_count"] = len(items)
        header["sender_id"] = self.dialect.sender_id(
            header.get("sender_id") or self.data_source.our_sender_id or "", self._public_url()
        )
        for name in ("sender_uri", "receiver_id", "meta"):
            if header.get(name) in ("", None, False, {}):
                header.pop(name, None)
        # With sorted names, so that a registry's way of writing it anew makes no difference.
        header, message = json.loads(json.dumps([header, message], sort_keys=True))
        sign = sign_jws if self.dialect.signature_profile == "jws" else sign_http
        return {
            "signature": sign(self.env, self.data_source, header, message),
            "header": header,
            "message": message,
        }


def _has_more(item: Any) -> bool:
    """Whether an answer counts more records than it holds, and holds some."""
    return bool(item.raw_records) and (item.total or 0) > len(item.raw_records)


def safe_code(value: Any) -> Any:
    """Cut a registry's reason code down to what may be shown and kept."""
    return _CODE.sub("", value)[:99] if isinstance(value, str) else ""
