from odoo import fields, models

from ..services import findings, records
from ..services.bulk import finding_of
from ..services.dialects import get as get_dialect
from ..services.registry import UNANSWERED


class CRVSRequest(models.Model):
    """What answers to births and deaths asked about asynchronously do: they are kept."""

    _inherit = "spp.dci.crvs.request"

    result = fields.Json(
        readonly=True,
        groups="spp_dci_client_crvs.group_crvs_manager",
        help="By reference id, what the registry answered.",
    )

    def _on_answer_death(self, message, verified, references):
        """Keep what the registry says about the deaths asked about.

        :param message: inbox row of the answer
        :param VerifiedMessage verified: the answer
        :param dict references: what was asked under the reference ids answered
        :return: outcome for the inbox row, None for the usual one
        """
        self._keep_search(verified.message, references, _describe_death)

    def _on_answer_birth(self, message, verified, references):
        """Keep what the registry says about the birth asked about."""
        self._keep_search(verified.message, references, _describe_birth)

    def _keep_answer_at_once(self, answer):
        """Keep an answer that came over our own connection, where it was checked.

        :param dict answer: ``message`` of the answer
        """
        describe = {"death": _describe_death, "birth": _describe_birth}[self.purpose]
        references = dict(self.references)
        self._keep_search(answer, references, describe)
        if references.keys() >= self.references.keys():
            self._close()

    def _keep_search(self, answer, references, describe):
        """Keep the answers to some of our questions; take out those that are none yet."""
        source = self.data_source_id
        dialect = get_dialect(source.dialect)
        try:
            items = records.read_search_response(answer, source.crvs_timezone or None)
        except records.InvalidRecord:
            references.clear()
            return
        # What an item without our reference speaks of is unknown.
        leaves_out = dialect.leaves_out_what_is_not_found and items.keys() <= self.references.keys()
        if leaves_out:
            # One answer comes to all questions, and what it leaves out was not found.
            answered = self.answered_references or ()
            references.update(
                {ref: asked for ref, asked in self.references.items() if ref not in answered}
            )
        nothing_found = not items and len(self.references) == 1
        missing = None if leaves_out or nothing_found else UNANSWERED
        result = dict(self.result or {})
        for reference, asked in list(references.items()):
            lookup = findings.Lookup(asked["type"], asked["value"])
            item = items.get(reference, missing)
            if item is not None and item.is_pending:
                del references[reference]
                continue
            result[reference] = describe(dialect, lookup, item)
        self.result = result


def _describe_death(dialect, lookup, item):
    finding = finding_of(dialect, lookup, item)
    return {
        "status": finding.status,
        "death_date": finding.death_date and finding.death_date.isoformat(),
        "problem": finding.problem,
        "detail": finding.detail,
        "record": finding.record,
    }


def _describe_birth(dialect, lookup, item):
    try:
        person = findings.judge_birth(dialect, lookup, item)
    except findings.Inconclusive as error:
        return {"status": "failed", "problem": error.problem, "detail": error.detail}
    if not person:
        return {"status": "unknown"}
    return {"status": "found", "person": findings.birth_details(lookup, person)}
