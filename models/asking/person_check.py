from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date, remove_accents

from ...services import log_guard
from ...services.asking import verdicts
from ...services.asking.arguments import IdentifierReader
from ...services.asking.explanations import explain
from ...services.asking.registry import Registry
from ...services.records import corroboration
from ..mixins import check_group
from ..processors.matcher import held_facts, limits
from .check_run import BIRTH_FIRST, best_answer, pair_of


class _Birth(NamedTuple):
    """What a registry says about the birth of a registrant.

    :param asked: the identifiers asked by, in order
    :param result: ``agrees``, ``differs``, ``unclear``, ``unknown`` or ``failed``
    :param sentence: the same in plain words
    :param number: the identifier that led to the record
    :param person: the record's person
    """

    asked: Any
    result: str
    sentence: str
    number: Any = None
    person: Any = None


class ResPartner(models.Model):
    """Asking the registry about one registrant, on the spot. Nothing is recorded on events."""

    _inherit = "res.partner"

    # === BUTTONS === #

    def action_crvs_check_death(self):
        """Ask the registry whether this registrant lives, and show what it says.

        What it said stays on the registrant as the last check; what is recorded beyond that, is for
        the officer to decide.

        :return: the action that shows the answer
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers or may not see this registrant
        :raise UserError: when it is not clear whom to ask, or by which identifier
        """
        source = self._crvs_may_ask()
        person, checks = self.sudo(), self.env["spp.dci.crvs.check"].sudo()
        with log_guard.statements_hidden():
            answers = checks._ask_about(source, person)[person]
            best = best_answer(answers)
            if not best:
                raise UserError(self._crvs_no_identifier())
            self.env["spp.dci.crvs.last.check"].sudo()._note(
                source, self.env.user, {person: best.status}
            )
            asked = {answer.pair for answer in answers}
            return self._crvs_show(
                "spp.dci.crvs.death.answer",
                {
                    "partner_id": self.id,
                    "data_source_id": source.id,
                    "asked_by": self._crvs_asked_by(
                        person.reg_ids.filtered(lambda number: pair_of(number) in asked)
                    ),
                    "result": best.status,
                    "sentence": self._crvs_death_sentence(source, best),
                    "record": best.record,
                },
            )

    def action_crvs_verify_birth(self):
        """Ask the registry for this registrant's birth, and show it beside what is registered here.

        :return: the action that shows the answer
        :rtype: dict
        :raise AccessError: see :meth:`action_crvs_check_death`
        :raise UserError: see :meth:`action_crvs_check_death`
        """
        source = self._crvs_may_ask()
        with log_guard.statements_hidden():
            birth = self.sudo()._crvs_ask_birth(source)
            if not birth.asked:
                raise UserError(self._crvs_no_identifier())
            return self._crvs_show(
                "spp.dci.crvs.birth.answer",
                {
                    "partner_id": self.id,
                    "data_source_id": source.id,
                    "asked_by": self._crvs_asked_by(birth.asked),
                    "result": birth.result,
                    "sentence": birth.sentence,
                    "comparison": birth.person and self._crvs_compare_birth(birth.person),
                    "number_id": birth.number and birth.number.id,
                    "number_key": birth.number and birth.number.crvs_key,
                },
            )

    def _crvs_may_ask(self):
        """Check who asks about whom, and return the registry to ask.

        :raise AccessError: see :meth:`action_crvs_check_death`
        :raise UserError: when there is no registry to ask, or nobody to ask about
        """
        check_group(self.env, "officer")
        self.ensure_one()
        self.check_access("read")
        if not self.is_registrant or self.is_group:
            raise UserError(self.env._("Only individuals who are registrants can be asked about."))
        sources = self.env["spp.dci.data.source"].sudo()
        if source := sources._crvs_default():
            return source
        if sources.search_count([("is_civil_registry", "=", True)], limit=1):
            raise UserError(
                self.env._(
                    "There are several civil registries, and none is marked to be asked. Have a "
                    "CRVS manager open Civil Registry > Configuration > Data Sources and tick "
                    "“Asked by Default” on one of them."
                )
            )
        raise UserError(
            self.env._(
                "No civil registry is set up. Have an administrator add one under Civil Registry > "
                "Configuration > Data Sources."
            )
        )

    def _crvs_no_identifier(self):
        return self.env._(
            "The registrant has no valid ID by which this registry can be asked. Add one among the "
            "IDs."
        )

    def _crvs_show(self, model, values):
        """Keep an answer for its dialog, as nobody else than our code may, and show it."""
        answer = self.env[model].sudo().create(values)
        return {
            "type": "ir.actions.act_window",
            "name": self.env["ir.model"]._get(answer._name).name,
            "res_model": model,
            "res_id": answer.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _crvs_asked_by(self, identifiers):
        """Name identifiers: with the number for those who may see it, else the type alone."""
        may_read = self.env["spp.registry.id"].has_access("read")
        return ", ".join(
            f"{number.id_type_id.display_name} {number.value}"
            if may_read
            else number.id_type_id.display_name
            for number in identifiers.sudo()
        )

    # === DEATHS === #

    def _crvs_death_sentence(self, source, answer):
        _ = self.env._
        if answer.status == verdicts.DEAD:
            if answer.death_date:
                sentence = _(
                    "The registry has registered the death of this person, on %s.",
                    format_date(self.env, answer.death_date, date_format="long"),
                )
            else:
                sentence = _("The registry has registered the death of this person.")
        elif answer.status == verdicts.NOT_DEAD:
            sentence = _("No death of this person is registered there.")
        elif answer.status == verdicts.UNKNOWN:
            sentence = _("The registry knows no such person, so it does not tell who lives.")
        else:
            sentence = _("It is not known whether this person lives.")
        return " ".join(filter(None, [sentence, answer.reason]))

    # === BIRTHS === #

    def _crvs_ask_birth(self, source):
        """Ask by each identifier, those of births first, until one leads to a record.

        :param source: the registry
        :rtype: _Birth
        """
        registry = Registry(self.env, source)
        reader = IdentifierReader(self.env, source)
        dialect = registry.dialect
        numbers = self.env["spp.dci.crvs.check"]._identifiers(
            source, dialect.can_verify_birth_by, self, BIRTH_FIRST
        )[self.id]
        asked, problem = self.env["spp.registry.id"], ""
        for number in numbers:
            asked += number
            try:
                lookup = reader.read(*pair_of(number))
                (item,) = registry.lookup([dialect.birth_criteria(lookup.id_type, lookup.value)])
                found = verdicts.judge_birth(dialect, lookup, item)
            except verdicts.Inconclusive as error:
                problem = problem or explain(self.env, error.problem, error.detail)
            except ValidationError as error:
                problem = problem or explain(self.env, "invalid_pair", str(error))
            except UserError as error:
                problem = problem or str(error)
                break  # it would not answer the next question either
            else:
                if found:
                    return _Birth(
                        asked, *self._crvs_judge_birth(source, found[0]), number, found[0]
                    )
        if problem:
            sentence = self.env._("It is not known whether the birth is registered.")
            return _Birth(asked, "failed", f"{sentence} {problem}")
        return _Birth(
            asked, "unknown", self.env._("The registry has no birth under these identifiers.")
        )

    def _crvs_judge_birth(self, source, person):
        """Tell whether a record of a birth is this registrant's.

        :param source: the registry
        :param Person person: of the record
        :return: ``agrees``, ``differs`` or ``unclear``, and a sentence
        :rtype: tuple[str, str]
        """
        judgement = corroboration.judge(
            corroboration.Said(person.birth, person.sex),
            held_facts(self),
            limits(self.env, source.crvs_sender_id),
        )
        if reasons := judgement.flags or (judgement.verdict == "contradicts" and judgement.reasons):
            return "differs", explain(self.env, "contradicts_registrant", reasons[0])
        names = _words(self.name), _words(person.name)
        if all(names) and names[0].isdisjoint(names[1]):
            return "differs", self.env._(
                "The registry's record may be another person's: the names have nothing in common. "
                "Compare it with the registrant, and ask the registry."
            )
        if judgement.verdict == "agrees":
            return "agrees", self.env._(
                "The registry has this birth, and its record agrees with the registrant."
            )
        return "unclear", self.env._(
            "The registry has a birth under this identifier, but the birth dates do not show "
            "whether it is this registrant's. Compare both, and correct the registrant or ask the "
            "registry."
        )

    def _crvs_compare_birth(self, person):
        """Return what the registry has beside what we have.

        :param Person person: of the registry's record
        """
        _ = self.env._
        sexes = {"male": _("male"), "female": _("female"), "other": _("other")}
        held = held_facts(self)
        ours_born = fields.Date.to_string(held.birth_date or False)
        born = person.birth_date.isoformat() if person.birth_date else person.birth.text
        rows = [
            (
                _("Name"),
                person.name,
                self.name,
                sorted(_words(self.name)) != sorted(_words(person.name)),
            ),
            (_("Birth date"), born, ours_born, ours_born != born),
            (_("Sex"), sexes.get(person.sex), sexes.get(held.sex), held.sex != person.sex),
            (_("Mother"), person.mother_name, "", False),
            (_("Father"), person.father_name, "", False),
        ]
        return self.env["ir.qweb"]._render(
            "spp_dci_client_crvs.event_comparison",
            {
                "persons": [self.display_name],
                "rows": [
                    {
                        "label": label,
                        "notified": theirs or "",
                        "registered": [
                            {"text": ours or "", "differs": bool(theirs and ours and differs)}
                        ],
                    }
                    for label, theirs, ours, differs in rows
                    if theirs or ours
                ],
            },
        )


class CRVSCheck(models.Model):
    _inherit = "spp.dci.crvs.check"

    @api.model
    def _record_death(self, data_source, record, user):
        """Make a vital event of a death that the registry told, and have it processed.

        As for what it reports by itself: who is meant is looked up, and more deaths than the limit
        in an hour wait for a manager.

        :param data_source: the registry
        :param dict record: as received
        :param user: ``res.users`` who wants it recorded
        :return: the event, which may be one of before
        """
        with log_guard.statements_hidden():
            _new, ids = self._store_deaths(data_source, {"death": record}, "")
            event = self.env["spp.dci.crvs.event"].browse(ids["death"])
            event.with_user(user)._process_now()
        return event


def _words(name):
    return frozenset(remove_accents(name or "").upper().replace(",", " ").split())
