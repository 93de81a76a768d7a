"""Sentences for what can go wrong when a registry is asked: what happened, and what to do."""

from odoo.exceptions import UserError


class RegistryError(UserError):
    """A registry could not be asked, refused, or answered something that cannot be used.

    :ivar str problem: short word for what happened, a key of :func:`explain`
    :ivar str code: the registry's reason code where it gave one, as on errors of the base client
    :ivar bool in_doubt: whether the registry may have done what it was asked, as on errors of the
        base client
    """

    def __init__(self, env, problem, detail=""):
        super().__init__(explain(env, problem, detail))
        self.problem = problem
        self.code = detail if problem == "rejected" else ""
        self.in_doubt = problem != "rejected"


def explain(env, problem, detail=""):
    """Say in a sentence what happened and what to do next.

    :param env: environment, for the language
    :param str problem: one of the words below
    :param str detail: code or sentence that belongs to it, without personal data
    :rtype: str
    """
    return {
        "rejected": env._(
            "The registry refused the question (%s). Check the settings of the data source, or "
            "ask the registry why.",
            detail or env._("no reason given"),
        ),
        "unreadable": env._(
            "The registry's answer could not be understood. Try again later, and tell the "
            "registry if it goes on."
        ),
        "not_ready": env._("The registry has no complete answer yet. Try again later."),
        "more_pages": env._(
            "The registry found more records than it sent, so its answer is not complete. Ask by "
            "another identifier."
        ),
        "missing_pages": env._(
            "Only a part of the registry's answer has come. If the rest does not follow, ask again."
        ),
        "shifting_pages": env._(
            "The registry's pages kept changing while they were read. They are read again later."
        ),
        "several_persons": env._(
            "The registry has this identifier on records of different persons, so it is not "
            "certain who is meant. Ask by another identifier, or ask the registry."
        ),
        "several_dates": env._("The registry has several dates of death for this person."),
        "other_records": env._(
            "The registry answered with records that do not bear this identifier. Check the "
            "identifier."
        ),
        "other_register": env._(
            "The registry answered with a record that does not come from its register of deaths. "
            "Check the base URL and the dialect of its data source."
        ),
        "no_answer": env._("The registry did not answer this question. Try again later."),
        "other_transaction": env._(
            "The registry's answer belongs to another question and was not used. Try again."
        ),
        "unsigned": env._(
            "The registry did not sign its answer, which this data source requires. Ask the "
            "registry to sign, or change “Signatures of Answers” on the data source."
        ),
        "bad_signature": env._(
            "The signature of the registry's answer is not valid (%s). Fetch the registry's keys "
            "again under Sender Registry, and tell the registry if it goes on.",
            detail,
        ),
        "no_keys": env._(
            "This data source requires signed answers but has no keys to verify them. Choose the "
            "registry's keys on the data source."
        ),
        "no_signing_key": env._(
            "This registry only answers signed requests. Choose an active signing key on the "
            "data source."
        ),
        "no_rsa_key": env._(
            "This registry only takes signatures of the algorithm RS256. Choose an active signing "
            "key of that algorithm on the data source."
        ),
        "bad_signing_key": env._(
            "The signing key of the data source cannot be used. Generate a new one."
        ),
        "unreachable": env._(
            "The registry could not be reached. Check the address and the network, then try again."
        ),
        "outcome_unknown": env._(
            "No usable answer came from the registry, so it is not known whether it accepted the "
            "request. The registry will be asked what became of it; look again later under "
            "DCI > CRVS > Subscriptions."
        ),
        "unsupported_identifier": env._(
            "This registry cannot be searched by identifiers of type %s. Use another one.", detail
        ),
        "invalid_pair": env._("This is not an identifier that can be asked about: %s", detail),
    }[problem]
