"""Sentences for what can go wrong when a registry is asked: what happened, and what to do."""

from __future__ import annotations

from odoo.api import Environment
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from ..wording import reason
from .base_client import Failure

_lt = LazyTranslate(__name__)

#: what happened and what to do, by short word; ``%s`` stands for a detail
SENTENCES = {
    "rejected": _lt(
        "The registry refused the question (%s). Check the settings of the data source, or "
        "ask the registry why."
    ),
    "unreadable": _lt(
        "The registry's answer could not be understood. Try again later, and tell the "
        "registry if it goes on."
    ),
    "not_ready": _lt("The registry has no complete answer yet. Try again later."),
    "more_pages": _lt(
        "The registry found more records than it sent, so its answer is not complete. Ask by "
        "another identifier."
    ),
    "missing_pages": _lt(
        "Only a part of the registry's answer has come. If the rest does not follow, ask again."
    ),
    "shifting_pages": _lt(
        "The registry's pages kept changing while they were read. They are read again later."
    ),
    "several_persons": _lt(
        "The registry has this identifier on records of different persons, so it is not "
        "certain who is meant. Ask by another identifier, or ask the registry."
    ),
    "several_dates": _lt("The registry has several dates of death for this person."),
    "other_records": _lt(
        "The registry answered with records that do not bear this identifier. Check the identifier."
    ),
    "written_otherwise": _lt(
        "The registry answered about a number that is written differently, so it is not "
        "certain who is meant. Ask by the number as the registry writes it."
    ),
    "shared_number": _lt(
        "The registry's record gives this identifier to a relative too, so it is not certain "
        "who is meant. Ask by another identifier, or ask the registry."
    ),
    "contradicts_registrant": _lt(
        "The registry's record may be another person's: %s. Compare it with the registrant, "
        "and ask the registry."
    ),
    "withdrawn": _lt(
        "The registry marks its record as withdrawn, so it tells nothing. Ask the registry."
    ),
    "doubtful_death": _lt(
        "The registry's record has something written as the date of death that is no date. "
        "Ask the registry whether the person lives."
    ),
    "other_register": _lt(
        "The registry answered with a record that does not come from its register of deaths. "
        "Check the base URL and the dialect of its data source."
    ),
    "no_answer": _lt("The registry did not answer this question. Try again later."),
    "other_transaction": _lt(
        "The registry's answer belongs to another question and was not used. Try again."
    ),
    "unsigned": _lt(
        "The registry did not sign its answer, which this data source requires. Ask the "
        "registry to sign, or change “Signatures of Answers” on the data source."
    ),
    "bad_signature": _lt(
        "The signature of the registry's answer is not valid (%s). Fetch the registry's keys "
        "again under Trusted Registries, and tell the registry if it goes on."
    ),
    "clock_ahead": _lt(
        "The registry signed its answer %s seconds ahead of our time: the clocks differ. Have both "
        "servers set by a time server."
    ),
    "clock_behind": _lt(
        "The signature of the registry's answer expired %s seconds ago by our time: the clocks "
        "differ. Have both servers set by a time server."
    ),
    "keys_unreachable": _lt(
        "The registry does not accept our signature or credentials. It reads our keys at %s: check "
        "that this address can be reached from there, and our credentials in the data source."
    ),
    "no_keys": _lt(
        "This data source requires signed answers but has no keys to verify them. Choose the "
        "registry's keys on the data source."
    ),
    "inactive_signing_key": _lt(
        "The signing key of the data source is not active. Activate it, or choose another one."
    ),
    "no_signing_key": _lt(
        "This registry only answers signed requests. Choose an active signing key on the "
        "data source."
    ),
    "no_rsa_key": _lt(
        "This registry only takes signatures of the algorithm RS256. Choose an active signing "
        "key of that algorithm on the data source."
    ),
    "bad_signing_key": _lt(
        "The signing key of the data source cannot be used. Generate a new one."
    ),
    "unreachable": _lt(
        "The registry could not be reached. Check the address and the network, then try again."
    ),
    "not_let_in": _lt(
        "The registry does not accept our credentials. Check them in its data source, and that "
        "the registry knows our sender ID and our key."
    ),
    "busy": _lt("The registry is busy or out of order. Try again later."),
    "quota": _lt(
        "The registry takes no more questions for now: too many were asked, or the number that it "
        "allows in a day is used up. Try again later, at the latest tomorrow."
    ),
    "not_offered": _lt(
        "The registry does not offer this. Check the dialect and the base URL of its data source."
    ),
    "moved": _lt(
        "The registry has moved. Ask for its present address and correct the base URL of its data "
        "source."
    ),
    "outcome_unknown": _lt(
        "No usable answer came from the registry, so it is not known whether it accepted the "
        "request. The registry will be asked what became of it; look again later under "
        "Civil Registry > Subscriptions."
    ),
    "unsupported_identifier": _lt(
        "This registry cannot be searched by identifiers of type %s. Use another one."
    ),
    "invalid_pair": _lt("This is not an identifier that can be asked about: %s"),
}


class RegistryError(UserError):
    """A registry could not be asked, refused, or answered something that cannot be used.

    :ivar str problem: short word for what happened, a key of :data:`SENTENCES`
    :ivar str code: the registry's reason code where it gave one
    :ivar status: HTTP status, None when nothing else than a success tells it
    :ivar bool wants_expression: whether it takes nothing but expressions
    :ivar bool in_doubt: whether the registry may have done what it was asked
    """

    def __init__(
        self, env: Environment, problem: str, detail: str = "", failure: Failure | None = None
    ) -> None:
        super().__init__(explain(env, problem, detail))
        self.problem = problem
        self.code = failure.code if failure else detail if problem == "rejected" else ""
        self.status = failure.status if failure else None
        self.wants_expression = bool(failure and failure.wants_expression)
        self.in_doubt = failure.in_doubt if failure else problem != "rejected"


def explain(env: Environment, problem: str, detail: str = "") -> str:
    """Say in a sentence what happened and what to do next.

    :param env: environment, for the language
    :param problem: key of :data:`SENTENCES`
    :param detail: code or sentence that belongs to it, without personal data
    """
    sentence = env._(SENTENCES[problem])
    if problem == "rejected" and not detail:
        detail = env._("no reason given")
    elif problem == "contradicts_registrant":
        detail = reason(env, detail)
    return sentence % detail if "%s" in sentence else sentence
