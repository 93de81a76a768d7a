import logging

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ... import const
from ...services import log_guard
from ..mixins import check_group
from ..processors.restorer import Restorer
from .event import BEGIN_AGAIN

_logger = logging.getLogger(__name__)

WITHDRAWN = ("reversed", "reassigned")


class CRVSEvent(models.Model):
    """Undoing events: what a registry withdrew, and what hit the wrong person."""

    _inherit = "spp.dci.crvs.event"

    undo_reason = fields.Text(readonly=True, groups=const.READS_PERSONS)
    undone_by = fields.Many2one("res.users", readonly=True)
    undone_date = fields.Datetime("Undone On", readonly=True)
    not_restored = fields.Json(
        readonly=True,
        groups=const.READS_EVIDENCE,
        help="What the undo left as it is, since somebody changed it after the event.",
    )
    reassigned_to_id = fields.Many2one(
        "spp.dci.crvs.event", "Given to Another Registrant as", readonly=True, ondelete="set null"
    )
    reassigned_from_id = fields.Many2one(
        "spp.dci.crvs.event", "Was Taken from", readonly=True, ondelete="set null"
    )

    # === PUBLIC === #

    def action_reverse(self):
        """Open the question why these events are to be undone.

        :return: an action
        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        """
        check_group(self.env, "manager")
        return self._open_wizard(
            "spp.dci.crvs.event.reverse",
            self.env._("Undo Vital Events"),
            {"default_event_ids": self.ids},
        )

    def action_never_apply(self):
        """Open the question why what is not applied yet of these events shall never be.

        :return: an action
        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        :raise UserError: when all of them were applied
        """
        check_group(self.env, "manager")
        if not (pending := self.filtered(lambda event: event.state != "processed")):
            raise UserError(self.env._("None of these events waits: all were applied or ended."))
        return self._open_wizard(
            "spp.dci.crvs.event.reverse",
            self.env._("Never Apply"),
            {"default_event_ids": pending.ids},
        )

    def action_reassign(self):
        """Open the question whom this event is about.

        :return: an action
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers, or not managers where somebody
            was found
        """
        self.ensure_one()
        check_group(self.env, "officer")
        if self.error_kind not in ("no_match", "ambiguous"):
            check_group(self.env, "manager")
        return self._open_wizard(
            "spp.dci.crvs.event.reassign",
            self.env._("Whom It Is About"),
            {"default_event_id": self.id},
        )

    def action_undo_withdrawn(self):
        """Open the question why what a registry takes back is to be undone.

        :return: an action
        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        :raise UserError: when it is not known what the registry takes back
        """
        self.ensure_one()
        check_group(self.env, "manager")
        if not self.withdraws_id:
            raise UserError(self.env._("It is not known which event the registry takes back."))
        return self.withdraws_id.action_reverse()

    def _open_wizard(self, model, name, context):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": context,
        }

    # === DOING IT === #

    def _reverse(self, reason, asked_by):
        """Put back what these events changed; they are final then.

        An event that was not applied yet is taken out of the world without any effect.

        :param str reason: why, in the manager's words
        :param asked_by: the manager, a ``res.users`` record
        :return: the events that were undone; one that broke down is as it was
        :raise UserError: when an event or a registrant is being worked on, or all broke down
        """
        events = self._as_processor(asked_by=asked_by.id).filtered(
            lambda event: event.outcome not in WITHDRAWN
        )
        events = events._with_versions()
        events._lock_for_undo()
        failed = events.browse()
        with log_guard.statements_hidden():
            for event in events.sorted(lambda e: (e.processed_date or e.received_date, e.id))[::-1]:
                if event._undo_isolated(reason, asked_by) is None:
                    failed |= event
            self.env.flush_all()
        done = events - failed
        if failed and not done:
            raise UserError(self.env._("None of them could be undone: see the server log."))
        done._reconsider_others()
        done._tell_other_managers(asked_by)
        self.invalidate_recordset()
        return done

    def _undo_isolated(self, reason, asked_by):
        """Undo a locked event, whatever becomes of others in the same transaction.

        :return: what was done, a :class:`Restorer`; None when it broke down and is as it was
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return self._undo_one("reversed", reason, asked_by)
        except BEGIN_AGAIN:
            raise
        except Exception as error:
            if self.env.cr._cnx.closed:
                raise
            _logger.warning(
                "CRVS event %s could not be undone: %s", self.name, log_guard.describe(error)
            )
            return None

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
        older = event._with_versions() - event
        (event | older)._lock_for_undo()
        with log_guard.statements_hidden():
            event._undo_one("reassigned", reason, asked_by)
            for version in older.sorted("id", reverse=True):
                version._undo_one("reversed", reason, asked_by)
            # Frees the content for the new event.
            self.env.flush_all()
            new = event.create(event._values_for_reassigned(partner))
            event.reassigned_to_id = new
            self.env.flush_all()
        event._reconsider_others()
        new._process_batch()
        (event | new)._tell_other_managers(asked_by)
        self.invalidate_recordset()
        return self.browse(new.id)

    def _with_versions(self):
        """Return these events, and older versions of them whose changes are still in force.

        What is undone is the fact: a person whose death was corrected once lives when it is undone.
        """
        processor = self.env["spp.dci.crvs.processor"]

        def fact(event):
            return processor._fact(event.person_id.id, event, event.registration_number)

        replaced = self.search(
            [
                ("person_id", "in", self.person_id.ids),
                ("event_type", "in", list(set(self.mapped("event_type")))),
                ("state", "=", "processed"),
                ("outcome", "=", "superseded"),
            ]
        )
        facts = {fact(event) for event in self if event.person_id}
        return self | replaced.filtered(lambda event: event.changes and fact(event) in facts)

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
            "company_id": (partner.company_id or self.company_id).id,
            "data_source_id": self.data_source_id.id,
            "message_id": self.message_id.id,
            "source": self.source,
            "reference": self.reference,
            "version_time": self.version_time,
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
        self.env["spp.dci.crvs.processor"]._of(self.event_type)._undone(self, restorer, asked_by)
        self._move(
            "withdraw",
            active=False,
            outcome=outcome,
            error_message=self._undo_summary(restorer),
            processed_date=self.processed_date or now,
            processed_by=self.processed_by.id or asked_by.id,
            undo_reason=reason,
            undone_by=asked_by.id,
            undone_date=now,
            not_restored=restorer.left or False,
        )
        persons = self.person_id | self.spouse_id
        persons._note_crvs_update(now)
        self._note_undo(persons, restorer, asked_by)
        self.env["spp.dci.crvs.event.wait"]._replace(forget=self.ids, waiting={})
        self._open_alerts("attention").unlink()
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
        author = asked_by.partner_id.id
        persons._message_log_batch(bodies=notes, author_id=author)
        self._message_log(body=self.env._("%s undid this event.", asked_by.name), author_id=author)

    def _reconsider_others(self):
        """Have events that gave way to an undone one looked at again."""
        persons = self.person_id | self.spouse_id
        if not persons:
            return
        others = self.search(
            [
                ("state", "=", "processed"),
                ("outcome", "not in", WITHDRAWN),
                ("id", "not in", self.ids),
                "|",
                "&",
                ("person_id", "in", persons.ids),
                ("outcome", "=", "superseded"),
                "&",
                ("event_type", "in", ("marriage", "divorce")),
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
            others._reconsider()
            self._wake_scheduler()
