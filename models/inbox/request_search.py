from odoo import fields, models

from ... import const
from ...services import records
from ...services.asking import verdicts
from ...services.asking.death_checks import finding_of
from ...services.asking.registry import UNANSWERED
from ...services.dialects import get as get_dialect
from ...services.records import search_answers


class CRVSRequest(models.Model):
    """What answers to births and deaths asked about asynchronously do: they are kept."""

    _inherit = "spp.dci.crvs.request"

    result = fields.Json(
        readonly=True,
        groups=const.READS_EVIDENCE,
        help="By reference id, what the registry answered.",
    )

    pages = fields.Json(
        readonly=True,
        groups=const.READS_EVIDENCE,
        help="By reference id, the pages of an answer that is not complete yet.",
    )

    def _close(self, state="done", reason=False):
        super()._close(state, reason)
        # What they say of persons is in the result.
        self.filtered(lambda request: request.state != "pending" and request.pages).pages = False

    def _on_answer_death(self, message, verified, references):
        """Keep what the registry says about the deaths asked about.

        :param message: inbox row of the answer
        :param VerifiedMessage verified: the answer
        :param dict references: what was asked under the reference ids answered
        :return: outcome for the inbox row, None for the usual one
        """
        self._keep_search(verified.message, references, _describe_death, verified.header)

    def _on_answer_birth(self, message, verified, references):
        """Keep what the registry says about the birth asked about."""
        self._keep_search(verified.message, references, _describe_birth, verified.header)

    def _keep_answer_at_once(self, answer, header):
        """Keep an answer that came over our own connection, where it was checked.

        :param dict answer: ``message`` of the answer
        :param dict header: its header
        """
        describe = {"death": _describe_death, "birth": _describe_birth}[self.purpose]
        references = dict(self.references)
        self._keep_search(answer, references, describe, header)
        if references.keys() >= self.references.keys():
            self._close()

    def _keep_search(self, answer, references, describe, header):
        """Keep the answers to some of our questions; take out those that are none yet.

        Of an answer in pages the result says what those tell that are here, so that one whose
        other pages never come is a failure, or the death that one of them told.
        """
        source = self.data_source_id
        dialect, timezone = get_dialect(source.dialect), source.crvs_timezone or None
        try:
            items = records.read_search_response(answer, timezone, header=header)
        except records.InvalidRecord:
            references.clear()
            return
        pages = dict(self.pages or {})
        received = search_answers.by_reference(answer)
        # Once an answer comes in pages, what a message leaves out may come with another.
        in_pages = bool(pages) or any(map(_is_page, items.values()))
        # What an item without our reference speaks of is unknown.
        leaves_out = (
            dialect.leaves_out_what_is_not_found
            and not search_answers.leaves_open(header)
            and items.keys() <= self.references.keys()
            and not in_pages
        )
        if leaves_out:
            # One answer comes to all questions, and what it leaves out was not found.
            answered = self.answered_references or ()
            references.update(
                {ref: asked for ref, asked in self.references.items() if ref not in answered}
            )
        nothing_found = (
            not items
            and len(self.references) == 1
            and not in_pages
            and not search_answers.leaves_open(header)
        )
        missing = None if leaves_out or nothing_found else UNANSWERED
        result = dict(self.result or {})
        held, limits = self.env["spp.dci.crvs.matcher"]._held_under(
            source, {(asked["type"], asked["value"]) for asked in references.values()}
        )
        for reference, asked in list(references.items()):
            lookup = verdicts.Lookup(
                asked["type"],
                asked["value"],
                asked.get("given", ""),
                frozenset(asked.get("same_types", ())),
                held.get((asked["type"], asked["value"])),
                limits,
            )
            item = items.get(reference, missing)
            if item is not None and item.is_pending:
                del references[reference]
                continue
            if item is None or not (reference in pages or _is_page(item)):
                result[reference] = describe(dialect, lookup, item)
                continue
            gathered = search_answers.gather(pages.pop(reference, []), received[reference])
            if len(gathered) > search_answers.MAX_PAGES:
                result[reference] = {
                    "status": verdicts.FAILED,
                    "problem": "more_pages",
                    "detail": "",
                }
                continue
            is_complete = search_answers.is_complete(gathered)
            result[reference] = _describe_pages(
                describe, dialect, lookup, gathered, is_complete, timezone
            )
            if not is_complete:
                pages[reference] = gathered
                del references[reference]
        self.write({"result": result, "pages": pages or False})


def _is_page(item):
    """Whether an item may be one page of several."""
    return item.page not in (None, 1) or (item.total or 0) > len(item.raw_records)


def _describe_pages(describe, dialect, lookup, gathered, is_complete, timezone):
    """Describe what an answer says of which some pages are here, or all."""
    message = {"search_response": gathered}
    item = next(iter(records.read_search_response(message, timezone).values()))
    # Repeated pages must not make up for those that are missing.
    count = len(item.raw_records)
    found = describe(dialect, lookup, item._replace(total=count if is_complete else count + 1))
    if found["status"] != verdicts.FAILED or found["problem"] == "several_persons":
        return found
    # A death on one page is one, whatever is wrong with another.
    for page in gathered:
        single = describe(dialect, lookup, search_answers.read_page(page, timezone))
        if single["status"] == verdicts.DEAD:
            return single
    return {**found, "problem": "missing_pages"} if found["problem"] == "more_pages" else found


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
        found = verdicts.judge_birth(dialect, lookup, item)
    except verdicts.Inconclusive as error:
        return {"status": "failed", "problem": error.problem, "detail": error.detail}
    if not found:
        return {"status": "unknown"}
    return {"status": "found", "person": verdicts.birth_details(lookup, *found)}
