from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..services import log_guard
from .processors.restoring import Restorer

WITHDRAWN = ("reversed", "reassigned")


class CRVSEvent(models.Model):
    """Undoing events: what a registry withdrew, and what hit the wrong person."""

    _inherit = "spp.dci.crvs.event"

    undo_reason = fields.Text(readonly=True, groups="spp_dci_client_crvs.group_crvs_officer")
    undone_by = fields.Many2one("res.users", readonly=True)
    undone_date = fields.Datetime("Undone", readonly=True)
    not_restored = fields.Json(
        readonly=True,
        groups="spp_dci_client_crvs.group_crvs_manager",
        help="What the undo left as it is, since somebody changed it after the event.",
    )
    reassigned_to_id = fields.Many2one(
        "spp.dci.crvs.event", "Given to Another Registrant as", readonly=True, ondelete="set null"
    )
    reassigned_from_id = fields.Many2one(
        "spp.dci.crvs.event", "Was Taken from", readonly=True, ondelete="set null"
    )

    # ------------------------------------------------------------------
    # Public
    # ------------------------------------------------------------------

    def action_reverse(self):
        """Open the question why these events are to be reversed.

        :return: an action
        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        """
        self._check_group("manager")
        return self._open_wizard(
            "spp.dci.crvs.event.reverse",
            self.env._("Reverse Vital Events"),
            {"default_event_ids": self.ids},
        )

    def action_reassign(self):
        """Open the question whom this event is about.

        :return: an action
        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        """
        self.ensure_one()
        self._check_group("manager")
        return self._open_wizard(
            "spp.dci.crvs.event.reassign",
            self.env._("Belongs to Another Registrant"),
            {"default_event_id": self.id},
        )

    def _open_wizard(self, model, name, context):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": context,
        }

    # ------------------------------------------------------------------
    # Doing it
    # ------------------------------------------------------------------

    def _reverse(self, reason, asked_by):
        """Put back what these events changed; they are final then.

        An event that was not applied yet is taken out of the world without any effect.

        :param str reason: why, in the manager's words
        :param asked_by: the manager, a ``res.users`` record
        :return: the events that were reversed
        :raise UserError: when an event or a registrant is being worked on
        """
        events = self._as_processor(asked_by=asked_by.id).filtered(
            lambda event: event.outcome not in WITHDRAWN
        )
        events._lock_for_undo()
        with log_guard.statements_hidden():
            for event in events.sorted(lambda e: (e.processed_date or e.received_date, e.id))[::-1]:
                event._undo_one("reversed", reason, asked_by)
            self.env.flush_all()
        events._reconsider_civil_status()
        events._tell_other_managers(asked_by)
        self.invalidate_recordset()
        return events

    def _reassign(self, partner, reason, asked_by):
        """Take an event from whoever it was applied to, and apply it to the right registrant.

        :param partner: the registrant meant
        :param str reason: why, in the manager's words
        :param asked_by: the manager, a ``res.users`` record
        :return: the new event, processed
        :raise UserError: when that cannot be done
        """
        self.ensure_one()
        event = self._as_processor(asked_by=asked_by.id)
        partner = partner.with_env(event.env)
        if event.outcome in WITHDRAWN:
            raise UserError(self.env._("This event is final already."))
        if not partner.is_registrant or partner.is_group:
            raise UserError(self.env._("Choose a registrant who is a person."))
        if partner == event.person_id:
            raise UserError(self.env._("The event belongs to this registrant already."))
        event._lock_for_undo()
        with log_guard.statements_hidden():
            event._undo_one("reassigned", reason, asked_by)
            # Frees the content for the new event.
            self.env.flush_all()
            new = event.create(event._values_for_reassigned(partner))
            event.reassigned_to_id = new
            self.env.flush_all()
        event._reconsider_civil_status()
        new._process_batch()
        (event | new)._tell_other_managers(asked_by)
        self.invalidate_recordset()
        return self.browse(new.id)

    def _values_for_reassigned(self, partner):
        self.ensure_one()
        return {
            "event_type": self.event_type,
            "event_date": self.event_date,
            "identifier_type": self.identifier_type,
            "identifier_value": self.identifier_value,
            "raw_data": self.raw_data,
            "origin": self.origin,
            "digest": self.digest,
            "sender_id": self.sender_id.id,
            "data_source_id": self.data_source_id.id,
            "message_id": self.message_id.id,
            "source": self.source,
            "reference": self.reference,
            "forced_person_id": partner.id,
            "released": True,
            "reassigned_from_id": self.id,
        }

    def _lock_for_undo(self):
        """Lock events and their registrants.

        :raise UserError: when somebody else works on one of them
        """
        if self._try_lock_for_undo() != self:
            raise UserError(
                self.env._("One of the events or registrants is being changed. Try again.")
            )

    def _try_lock_for_undo(self):
        """Lock what can be locked.

        :return: the events that are locked together with their registrants
        """
        locked = self.try_lock_for_update(allow_referencing=True)
        persons = locked.person_id | locked.spouse_id
        if persons:
            self.env.cr.execute(
                SQL(
                    """
                    SELECT id FROM res_partner WHERE id = ANY(%s)
                     ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
                    """,
                    persons.ids,
                ),
                log_exceptions=False,
            )
            persons = persons.browse([row[0] for row in self.env.cr.fetchall()])
        return locked.filtered(lambda event: event.person_id | event.spouse_id <= persons)

    def _undo_one(self, outcome, reason, asked_by):
        """Put back what a locked event changed and make it final.

        :return: what was done, a :class:`Restorer`
        """
        self.ensure_one()
        now = fields.Datetime.now()
        restorer = Restorer(self).run()
        self.write(
            {
                "state": "processed",
                "outcome": outcome,
                "error_kind": False,
                "error_message": self._undo_summary(restorer),
                "hold_reason": False,
                "next_attempt": False,
                "processed_date": self.processed_date or now,
                "processed_by": self.processed_by.id or asked_by.id,
                "undo_reason": reason,
                "undone_by": asked_by.id,
                "undone_date": now,
                "not_restored": restorer.left or False,
            }
        )
        persons = self.person_id | self.spouse_id
        persons.write({"crvs_last_update": now})
        self._note_undo(persons, restorer, asked_by)
        self.env["spp.dci.crvs.event.wait"]._replace(forget=self.ids, waiting={})
        self._close_attention()
        return restorer

    def _undo_summary(self, restorer):
        if not restorer.left:
            return False
        return self.env._(
            "Not put back, since it was changed after the event: %s.",
            ", ".join(dict.fromkeys(entry["label"] for entry in restorer.left)),
        )

    def _note_undo(self, persons, restorer, asked_by):
        """Leave a note without values on the registrants and on the event."""
        notes = {}
        for person in persons:
            done = ", ".join(dict.fromkeys(restorer.done.get(person.id, ())))
            parts = [
                self.env._(
                    "Civil registry, %(type)s %(event)s was undone by a manager.",
                    type=self.event_type,
                    event=self.name,
                )
            ]
            if done:
                parts.append(self.env._("Put back: %s.", done))
            if restorer.left:
                parts.append(self._undo_summary(restorer))
            notes[person.id] = " ".join(parts)
        persons._message_log_batch(bodies=notes, author_id=asked_by.partner_id.id)

    def _reconsider_civil_status(self):
        """Have marriages and divorces that gave way to an undone event looked at again."""
        persons = self.person_id | self.spouse_id
        if not persons:
            return
        others = self.search(
            [
                ("event_type", "in", ("marriage", "divorce")),
                ("state", "=", "processed"),
                ("outcome", "not in", WITHDRAWN),
                "|",
                "&",
                ("person_id", "in", persons.ids),
                ("person_status_set", "=", False),
                "&",
                ("spouse_id", "in", persons.ids),
                ("spouse_status_set", "=", False),
            ]
        )
        if others:
            others.write(
                {"state": "received", "outcome": False, "next_attempt": fields.Datetime.now()}
            )
            self._wake_scheduler()

    def _tell_other_managers(self, asked_by):
        """Give every other manager an activity on each of these events."""
        for manager in self._managers() - asked_by:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("A vital event was undone"),
                user_id=manager.id,
            )
