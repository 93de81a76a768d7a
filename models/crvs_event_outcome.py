import json

from odoo import api, models

from .. import const
from ..services import dialects, records


class CRVSEvent(models.Model):
    """What processing asks an event, and what it writes on it in the end."""

    _inherit = "spp.dci.crvs.event"

    # ------------------------------------------------------------------
    # Asked by processors
    # ------------------------------------------------------------------

    def _read_vital(self):
        """Return what the registry said, read anew from the original data.

        :rtype: VitalEvent
        :raise InvalidRecord: when it cannot be read
        """
        self.ensure_one()
        try:
            raw = json.loads(self.raw_data) if self.raw_data else self._flat_raw()
        except ValueError:
            raise records.InvalidRecord("must be JSON") from None
        return records.read_event(raw, tz=self.data_source_id.crvs_timezone or None)

    def _flat_raw(self):
        """Return the event as a message of the flat shape, for one that came without data."""
        own = {"type": self.identifier_type, "value": self.identifier_value}
        return {
            "event_type": self.event_type,
            "event_date": self.event_date and self.event_date.isoformat(),
            "identifiers": [own] if self.identifier_value else [],
        }

    def _match_types(self, identifier_type):
        """Return the ID types of ours by which an identifier tells who is meant.

        Usually its own; some registries send one number under the name of another type. None for
        a type that never tells who is meant, or for which the sender may not speak.

        :param str identifier_type: upper-case short code as the registry sends it
        :return: upper-case short codes
        :rtype: tuple[str, ...]
        """
        types = self._same_types(identifier_type) - const.NON_IDENTIFYING_ID_TYPES
        return tuple(
            code
            for code in sorted(types)
            if not self.sender_id or self.sender_id._may_speak_for(self.event_type, (code,))
        )

    def _same_types(self, identifier_type):
        """Return the ID types of ours under which a number of the registry may be held.

        :param str identifier_type: upper-case short code as the registry sends it
        :return: upper-case short codes
        :rtype: set[str]
        """
        self.ensure_one()
        if not self.data_source_id:
            return {identifier_type}
        return dialects.get(self.data_source_id.dialect).same_identifier_types(identifier_type)

    # ------------------------------------------------------------------
    # Written in the end
    # ------------------------------------------------------------------

    @api.model
    def _finish(self, batch):
        """Write the outcome of a batch.

        :param Batch batch: with every case decided
        """
        waited = {case.event.id for case in batch.cases if case.event.error_kind == "no_match"}
        failed = {case.event.id for case in batch.cases if case.event.error_kind}
        waiting, held, closed = {}, self.browse(), self.browse()
        errors = {}
        for case in batch.cases:
            event = case.event
            if case.postponed:
                event.next_attempt = case.postponed
                waited.discard(event.id)
                continue
            if case.error:
                if case.error[0] == "no_match":
                    waiting[event.id] = case.values["waits_for"]
                errors[case.error] = errors.get(case.error, self.browse()) | event
            elif case.outcome == "scheduled":
                event.write(event._scheduled_values())
            elif case.outcome == "held":
                event.write(event._held_values())
                held |= event
            else:
                event.write(event._processed_values(case, batch))
            if event.id in failed and not case.error:
                closed |= event
        for (kind, message), events in errors.items():
            events._set_error(kind, message)
        self.env["spp.dci.crvs.event.wait"]._replace(
            forget=waited - waiting.keys(),
            waiting={key: value for key, value in waiting.items() if key not in waited},
        )
        self.browse(failed)._close_attention()
        held._tell_managers_of_brake()

    def _processed_values(self, case, batch):
        """Return what a case that came to its end writes on its event.

        Changes are added to those there are: an event that is looked at again, because another
        one was undone, keeps what it had changed before.
        """
        values = {key: value for key, value in case.values.items() if key != "waits_for"}
        if case.outcome == "superseded":
            outcome = "superseded"
            case.flags.insert(0, self.env._("A later event decides this person's civil status."))
        elif case.flags:
            outcome = "flagged"
        else:
            outcome = "applied" if case.changes or self.changes else "no_effect"
        values.update(
            state="processed",
            outcome=outcome,
            error_kind=False,
            error_message="\n".join(case.flags) or False,
            person_id=case.person.id,
            spouse_id=case.spouse.id,
            changes=[*(self.changes or []), *case.changes] or False,
            attempts=self.attempts + 1,
            next_attempt=False,
            processing_since=False,
            processed_date=batch.now,
            processed_by=self.env.context.get("crvs_asked_by") or self.env.uid,
        )
        return values

    def _scheduled_values(self):
        return {
            "state": "received",
            "outcome": "scheduled",
            "error_kind": False,
            "error_message": self.env._(
                "The event lies in the future and is applied when its day comes. If the date is "
                "wrong, ask the registry to correct it."
            ),
            "next_attempt": self._start_of(self.event_date),
            "processing_since": False,
        }

    def _held_values(self):
        return {
            "state": "received",
            "outcome": "held",
            "hold_reason": "brake",
            "error_kind": False,
            "error_message": self.env._(
                "This registry reported more deaths in an hour than its sender allows. A CRVS "
                "manager has to look at them and release them."
            ),
            "next_attempt": False,
            "processing_since": False,
        }
