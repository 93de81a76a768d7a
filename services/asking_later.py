"""Asking a registry that answers by the callback, and reading what it answered."""

from datetime import date

from odoo.exceptions import UserError
from odoo.tools import split_every

from .bulk import DeathCheck
from .explanations import RegistryError, explain
from .findings import FAILED
from .registry import new_ids
from .transactions import lock, own_attempts, own_transaction


def send(registry, purpose, lookups, criteria):
    """Send a search whose answer comes later; the request is committed before it leaves.

    :param Registry registry: whom to ask
    :param str purpose: ``birth`` or ``death``
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
            reference: {"type": lookup.id_type, "value": lookup.value, "position": position}
            for position, (reference, lookup) in enumerate(zip(references, lookups, strict=True))
        },
    )
    message = registry.search_message(request.transaction_id, asked, references)
    try:
        answer = registry.exchange("search", message, registry.endpoint("search"), callback=True)
        is_answer = "search_response" in answer.message
        if is_answer:
            registry.read_search(answer.message, request.transaction_id, references)
    except UserError as error:
        with own_transaction(source) as own:
            own.env[request._name].browse(request.id)._close("failed", str(error))
        raise
    if is_answer:
        for attempt in own_attempts(source):
            with attempt as own:
                own_request = lock(own.env[request._name].browse(request.id))
                own_request._keep_answer_at_once(answer.message)
    return request


def send_deaths(registry, identifiers, pairs):
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


def read_deaths(env, requests):
    """Read what came in answer to :func:`send_deaths`.

    :param requests: ``spp.dci.crvs.request`` of deaths
    :return: one result for each identifier asked about, in order; ``failed`` while there is no
        answer
    :rtype: list[DeathCheck]
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
                    (asked["type"], asked["value"]),
                    found["status"],
                    date.fromisoformat(death_date) if death_date else None,
                    explain(env, found["problem"], found["detail"]) if found["problem"] else "",
                    found.get("record"),
                )
            )
    return results


def read_birth(env, request):
    """Read what came in answer to a birth asked about.

    :param request: ``spp.dci.crvs.request`` of a birth
    :return: as ``CRVSService.verify_birth``
    :rtype: dict | None
    :raise RegistryError: when there is no answer yet, or it does not tell
    """
    found = next(iter((request.sudo().result or {}).values()), None)
    if found is None:
        raise RegistryError(env, "no_answer")
    if found["status"] == FAILED:
        raise RegistryError(env, found["problem"], found["detail"])
    return found.get("person")
