from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date, format_datetime
from odoo.tools.sql import column_exists, create_column, table_exists

from ... import const
from ...services import records
from ...services.records import corroboration, numbers
from ..mixins import check_group, notify, number
from ..processors.matcher import held_facts, limits

# Where an event stands, in one word; of what people have to do, the word says what.
STANDINGS = [
    ("no_match", "Nobody found: find the person"),
    ("ambiguous", "Not clear who: choose"),
    ("invalid", "Not usable: ask the registry"),
    ("technical", "Broke down: retry"),
    ("flagged", "Applied: look at the remark"),
    ("held", "Held: decide"),
    ("waiting", "Waiting"),
    ("scheduled", "Waits for Its Day"),
    ("handed_over", "Being Processed"),
    ("retried", "Tried Again by Itself"),
    ("applied", "Applied"),
    ("no_effect", "Nothing to Change"),
    ("superseded", "Superseded by Later News"),
    ("reviewed", "Reviewed"),
    ("set_aside", "Set Aside"),
    ("reversed", "Undone"),
    ("reassigned", "Given to Another Registrant"),
]
TO_REVIEW = ("no_match", "ambiguous", "invalid", "technical", "flagged")
TO_DECIDE = (*TO_REVIEW, "held")
# In so many open events a name is looked for, at most.
_MOST_NAMES = 2000


class CRVSEvent(models.Model):
    """What is left for people to do with events, and who may do it."""

    _inherit = "spp.dci.crvs.event"

    standing = fields.Selection(
        STANDINGS,
        "Where It Stands",
        compute="_compute_standing",
        store=True,
        default="waiting",
        help="State, outcome and error in one; of what needs somebody, what to do.",
    )
    needs_me = fields.Boolean(
        "Needs Me",
        compute="_compute_needs_me",
        search="_search_needs_me",
        help="Whether you are among those who can act on it.",
    )
    next_step = fields.Char("What Happens Next", compute="_compute_next_step")
    anything = fields.Char("Anything", store=False, search="_search_anything")
    reviewed_by = fields.Many2one("res.users", readonly=True)
    reviewed_date = fields.Datetime("Reviewed", readonly=True)
    review_remark = fields.Text(
        readonly=True,
        groups=const.READS_PERSONS,
    )

    # Few among a million, oldest first.
    _to_do = models.Index(
        "(standing, received_date) WHERE standing IN"
        " ('no_match', 'ambiguous', 'invalid', 'technical', 'flagged', 'held')"
    )

    def _auto_init(self):
        """Add the column and fill it in SQL: the ORM would take long over a million rows."""
        cr = self.env.cr
        is_new = table_exists(cr, self._table) and not column_exists(cr, self._table, "standing")
        if is_new:
            create_column(cr, self._table, "standing", "varchar")
        result = super()._auto_init()
        if is_new:
            self._fill_standing(SQL("TRUE"))
        return result

    @api.model
    def _fill_standing(self, condition):
        """Fill in where events stand.

        :param SQL condition: which events to look at
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_dci_crvs_event
                   SET standing = CASE
                       WHEN state = 'received' THEN coalesce(outcome, 'waiting')
                       WHEN state = 'processing' THEN 'handed_over'
                       WHEN state = 'processed' THEN coalesce(outcome, 'no_effect')
                       WHEN error_kind = 'technical' AND next_attempt IS NOT NULL THEN 'retried'
                       ELSE coalesce(error_kind, 'technical') END
                 WHERE %s
                """,
                condition,
            )
        )

    @api.depends("state", "outcome", "error_kind", "next_attempt", "reviewed_date")
    def _compute_standing(self):
        for event in self:
            event.standing = event._stands()

    def _stands(self):
        if self.state == "processing":
            return "handed_over"
        if self.state == "received":
            return self.outcome or "waiting"
        if self.state == "processed":
            is_reviewed = self.outcome == "flagged" and self.reviewed_date
            return "reviewed" if is_reviewed else self.outcome or "no_effect"
        if self.reviewed_date:
            return "set_aside"
        if self.error_kind == "technical" and self.next_attempt:
            return "retried"
        return self.error_kind or "technical"

    # === WHOM IT NEEDS === #

    @api.model
    def _standings_for_me(self):
        """Return the standings on which the user can act.

        :rtype: tuple[str, ...]
        """
        if self.env.user.has_group("spp_dci_client_crvs.group_crvs_manager"):
            return TO_DECIDE
        if self.env.user.has_group("spp_dci_client_crvs.group_crvs_officer"):
            return TO_REVIEW
        return ()

    @api.model
    def _to_decide(self):
        """Return the standings that need somebody, whoever that is."""
        return TO_DECIDE

    @api.depends("standing")
    @api.depends_context("uid")
    def _compute_needs_me(self):
        mine = self._standings_for_me()
        for event in self:
            event.needs_me = event.standing in mine

    @api.model
    def _search_needs_me(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("standing", "in" if True in value else "not in", self._standings_for_me())

    @api.model
    def count_needs_me(self):
        """Count the events that wait for whoever asks, for the badge in the top bar.

        :return: how many; 0 for those who cannot act on any
        :rtype: int
        :raise AccessError: for users who are not internal
        """
        self.check_access("read")
        if not self._standings_for_me():
            return 0
        return self.search_count([("needs_me", "=", True)])

    @api.model
    def get_empty_list_help(self, help_message):
        """Tell "nothing needs you" from "nothing was ever received"."""
        if self.env.context.get("search_default_needs_me") and self.sudo().search([], limit=1):
            text = self.env._("Nothing needs you")
            more = self.env._("Every event that was received is done, or waits for somebody else.")
            help_message = f'<p class="o_view_nocontent_smiling_face">{text}</p><p>{more}</p>'
        return super().get_empty_list_help(help_message)

    @api.depends("standing", "next_attempt", "reviewed_date")
    def _compute_next_step(self):
        _ = self.env._
        sentences = {
            "no_match": _(
                "Find the registrant: add the number that the registry names, or choose who is "
                "meant. Until then it is tried again by itself."
            ),
            "ambiguous": _(
                "Compare the record with the registrants below, and choose who is meant."
            ),
            "invalid": _("Ask the registry to correct it, then press Reviewed."),
            "technical": _("Retry. If it breaks down again, ask your administrator."),
            "flagged": _("It was applied. Put right what the remark names, then press Reviewed."),
            "held": _("A manager decides: Release applies it, Never Apply ends it."),
            "waiting": _("It is processed within a few minutes."),
            "handed_over": _("It is being processed."),
            "superseded": _("Nothing: later news stands."),
            "reviewed": _("Nothing: it was reviewed."),
            "set_aside": _(
                "Nothing, unless a registrant gets the number that the registry names: then it is "
                "applied."
            ),
            "reversed": _("Nothing: it was undone."),
            "reassigned": _("Nothing: another registrant has it now."),
        }
        for event in self:
            when = event.next_attempt
            if event.standing == "scheduled" and when:
                event.next_step = _("It is applied on %s.", format_date(self.env, when))
            elif event.standing == "retried" and when:
                event.next_step = _("It is tried again at %s.", format_datetime(self.env, when))
            else:
                event.next_step = sentences.get(event.standing, _("Nothing: it is done."))

    @api.model
    def _search_anything(self, operator, value):
        """Find by registrant, reference, registry or, for those who may, the identifier."""
        if operator not in ("ilike", "="):
            return NotImplemented
        domains = [
            Domain("name", operator, value),
            Domain("reference", operator, value),
            Domain("person_id", operator, value),
            Domain("sender_id", operator, value),
        ]
        if self._field_is_readable("identifier_value"):
            domains.append(Domain("identifier_value", operator, value))
            domains.append(Domain("candidate_ids.person_id", operator, value))
            domains.append(Domain("id", "in", self._notified_as(value)))
            if key := numbers.normal_form(value):
                held = self.env["spp.registry.id"].sudo().search([("crvs_key", "=", key)])
                domains.append(Domain("person_id", "in", held.partner_id.ids))
        return Domain.OR(domains)

    @api.model
    def _notified_as(self, text):
        """Return the ids of events nobody is found for yet, of persons notified by this name."""
        open_events = self.sudo().search_fetch(
            [("standing", "in", TO_REVIEW), ("person_id", "=", False), ("raw_data", "!=", False)],
            ["raw_data"],
            limit=_MOST_NAMES,
        )
        words = text.lower().split()
        return [
            event.id
            for event in open_events
            if all(word in (event.notified_name or "").lower() for word in words)
        ]

    @api.model
    def _field_is_readable(self, name):
        return self._has_field_access(self._fields[name], "read")

    # === SAYING WHO IS MEANT === #

    def _choose(self, partner):
        """Have an unmatched event applied to the registrant whom a person chose.

        A death long ago, or one that the registrant's birth date or sex contradicts, is held for a
        manager.

        :param partner: the registrant
        :return: whether it waits for a manager now
        :rtype: bool
        :raise UserError: when it needs no choice any more, or the choice is none
        """
        self.ensure_one()
        asked_by = self.env.user
        event = self._as_processor(asked_by=asked_by.id)
        partner = partner.with_env(event.env)
        if not partner.is_registrant or partner.is_group:
            raise UserError(self.env._("Choose a registrant who is a person."))
        if event.try_lock_for_update(allow_referencing=True) != event:
            raise UserError(self.env._("This event is being processed. Try again in a moment."))
        if event.error_kind not in ("no_match", "ambiguous"):
            raise UserError(self.env._("It is clear already whom this event is about."))
        event.forced_person_id = partner
        event._message_log(
            body=self.env._("%s chose the registrant.", asked_by.name),
            author_id=asked_by.partner_id.id,
        )
        event._open_alerts("attention").unlink()
        if event._needs_manager(partner) and not asked_by.has_group(
            "spp_dci_client_crvs.group_crvs_manager"
        ):
            event._hold("chosen")
            if partner not in event.candidate_ids.person_id:
                event.candidate_ids.create({"event_id": event.id, "person_id": partner.id})
            event._tell_managers_of_held()
            self.invalidate_recordset()
            return True
        event._process_batch()
        self.invalidate_recordset()
        return False

    def _choose_and_tell(self, partner):
        """Choose, see :meth:`_choose`, and return the action that says what came of it."""
        self.check_access("read")
        if self._choose(partner):
            text = self.env._("A CRVS manager has to confirm this choice, and was told.")
            return notify(self.env, text, "warning")
        return self._tell_result(self)

    def _needs_manager(self, partner):
        """Whether a choice is a manager's: a death long ago, or what contradicts itself.

        :param partner: the registrant chosen
        :rtype: bool
        """
        try:
            vital = self._read_vital()
        except records.InvalidRecord:
            return True
        is_death = self.event_type == "death"
        judgement = corroboration.judge(
            corroboration.Said(
                birth=vital.person.birth,
                sex=vital.person.sex,
                death_day=vital.event_date if is_death else None,
                kind=self.event_type,
            ),
            held_facts(partner),
            limits(self.env, self.sender_id),
        )
        candidate = self.candidate_ids.filtered(lambda one: one.person_id == partner)
        if judgement.verdict == "contradicts" or any(candidate.mapped("contradicts")):
            return True
        earliest = self._today(self.company_id) - timedelta(
            days=number(self.env, const.PARAM_OFFICER_DEATH_D)
        )
        return is_death and (not vital.event_date or vital.event_date < earliest)

    # === REVIEWED === #

    def action_review(self):
        """Ask for the remark with which these events are closed.

        :return: an action
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers
        :raise UserError: when none of them waits for a review
        """
        check_group(self.env, "officer")
        if not (events := self._to_review()):
            raise UserError(self.env._("None of these events waits for a review."))
        return self._open_wizard(
            "spp.dci.crvs.event.review",
            self.env._("Reviewed"),
            {"default_event_ids": events.ids},
        )

    def action_nobody(self):
        """Ask to confirm that an event is about nobody who is registered here.

        :return: an action
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers
        """
        action = self.action_review()
        action["context"]["default_remark"] = self.env._("Nobody of those who are registered here.")
        return action

    def _to_review(self):
        return self.sudo().filtered(lambda event: event.standing in TO_REVIEW).sudo(self.env.su)

    def _review(self, remark):
        """Close events that wait for a review; nothing else about them changes.

        :param str remark: in the officer's words
        :return: the events that were closed
        """
        user = self.env.user
        events = self._as_processor(asked_by=user.id).try_lock_for_update(allow_referencing=True)
        events = events._to_review()
        events.write(
            {
                "reviewed_by": user.id,
                "reviewed_date": fields.Datetime.now(),
                "review_remark": remark,
            }
        )
        note = self.env._("Reviewed by %s.", user.name)
        events._message_log_batch(
            bodies=dict.fromkeys(events.ids, note), author_id=user.partner_id.id
        )
        events._open_alerts("attention").unlink()
        self.invalidate_recordset()
        return events
