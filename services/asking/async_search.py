"""Asking a registry that answers by the callback, and reading what it answered."""

from __future__ import annotations

from datetime import date
from typing import Any

from odoo.api import Environment
from odoo.exceptions import UserError
from odoo.tools import split_every

from ..own_cursor import lock, own_attempts, own_transaction
from .death_checks import DeathCheck
from .explanations import RegistryError, explain
from .registry import new_ids
from .verdicts import FAILED, Lookup


def send(registry: Any, purpose: str, lookups: list[Lookup], criteria: Any) -> Any:
    """Send a search whose answer comes later; the request is committed before it leaves.

    :param Registry registry: whom to ask
    :param purpose: ``birth`` or ``death``
    :param list[Lookup] lookups: what to ask about
    :param criteria: method of the dialect that makes a ``search_criteria`` of type and value
    :return: ``spp.dci.crvs.request``; its row is there for the caller in the next transaction
    :raise UserError: when the registry could not be reached, or refuses
    """
    asked = [criteria(lookup.id_type, lookup.value) for lookup in lookups]
    references = new_ids(len(lookups))
    source = registry.data_source
    request = registry.env["spp.dci.crvs.request"]._open(
        source,
        purpose,
        {
            # PostgreSQL does not keep the order of a JSON object.
            reference: {
                "type": lookup.id_type,
                "value": lookup.value,
                "given": lookup.given,
                "same_types": sorted(lookup.same_types),
                "position": position,
            }
            for position, (reference, lookup) in enumerate(zip(references, lookups, strict=True))
        },
    )
    try:
        _exchange(registry, request, request.transaction_id, asked, references)
    except UserError as error:
        with own_transaction(source) as own:
            own.env[request._name].browse(request.id)._close("failed", str(error))
        if isinstance(error, RegistryError) and registry.learns_from(error, asked):
            return send(registry, purpose, lookups, criteria)
        raise
    return request


def send_again(registry: Any, request: Any) -> None:
    """Ask once more what a pending request has no answer to, under new ids.

    :param Registry registry: whom to ask
    :param request: ``spp.dci.crvs.request`` of :func:`send`; it keeps its row
    :raise UserError: when the registry could not be reached, or refuses; the request waits on
    """
    source = registry.data_source
    for attempt in own_attempts(source):
        with attempt as own:
            own_request = lock(own.env[request._name].browse(request.id))
            if own_request.state != "pending":
                return
            transaction_id, questions = own_request._rename_open_questions()
            purpose = own_request.purpose
    make = {"birth": registry.dialect.birth_criteria, "death": registry.dialect.death_criteria}
    criteria = [make[purpose](asked["type"], asked["value"]) for asked in questions.values()]
    _exchange(registry, request, transaction_id, criteria, list(questions))


def _exchange(
    registry: Any,
    request: Any,
    transaction_id: str,
    criteria: list[dict[str, Any]],
    references: list[str],
) -> None:
    """Send a search to be answered later; take the answer if it comes at once."""
    message = registry.search_message(transaction_id, criteria, references)
    answer = registry.exchange("search", message, registry.endpoint("search"), callback=True)
    if "search_response" not in answer.message:
        return
    registry.read_search(answer, transaction_id, references)
    for attempt in own_attempts(registry.data_source):
        with attempt as own:
            own_request = lock(own.env[request._name].browse(request.id))
            own_request._keep_answer_at_once(answer.message, answer.header)


def send_deaths(registry: Any, identifiers: Any, pairs: Any) -> Any:
    """Ask about many deaths, as many messages as it takes.

    :param IdentifierReader identifiers: what identifiers look like
    :param pairs: iterable of identifier type and value
    :return: the requests, one for each message
    :raise ValidationError: for the first pair that cannot be asked about; messages before its own
        have left
    """
    requests = registry.env["spp.dci.crvs.request"].sudo()
    for batch in split_every(registry.data_source.check_batch_size, pairs):
        lookups = list(dict.fromkeys(identifiers.read_pair(pair) for pair in batch))
        requests += send(registry, "death", lookups, registry.dialect.death_criteria)
    return requests


def read_deaths(env: Environment, requests: Any) -> list[DeathCheck]:
    """Read what came in answer to :func:`send_deaths`.

    :param requests: ``spp.dci.crvs.request`` of deaths
    :return: one result for each identifier asked about, in order; ``failed`` while there is no
        answer
    """
    results = []
    for request in requests.sudo():
        questions = sorted(request.references.items(), key=lambda entry: entry[1]["position"])
        for reference, asked in questions:
            found = (request.result or {}).get(reference)
            found = found or {"status": FAILED, "problem": "no_answer", "detail": ""}
            death_date = found.get("death_date")
            results.append(
                DeathCheck(
                    (asked.get("given") or asked["type"], asked["value"]),
                    found["status"],
                    date.fromisoformat(death_date) if death_date else None,
                    explain(env, found["problem"], found["detail"]) if found["problem"] else "",
                    found.get("record"),
                )
            )
    return results


def read_birth(env: Environment, request: Any) -> dict[str, Any] | None:
    """Read what came in answer to a birth asked about.

    :param request: ``spp.dci.crvs.request`` of a birth
    :return: as ``CRVSService.verify_birth``
    :raise RegistryError: when there is no answer yet, or it does not tell
    """
    found = next(iter((request.sudo().result or {}).values()), None)
    if found is None:
        raise RegistryError(env, "no_answer")
    if found["status"] == FAILED:
        raise RegistryError(env, found["problem"], found["detail"])
    return found.get("person")
