import json

from odoo import api, models

from ... import const
from ...services import records


class CRVSEvent(models.Model):
    """What processing asks an event, and what it writes on it in the end."""

    _inherit = "spp.dci.crvs.event"

    # === ASKED BY PROCESSORS === #

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

    # === WRITTEN IN THE END === #

    @api.model
    def _take_results(self, batch):
        """Write the outcome of a batch.

        :param Batch batch: with every case decided
        """
        waited = {case.event.id for case in batch.cases if case.event.error_kind == "no_match"}
        failed = self.browse(case.event.id for case in batch.cases if case.event.error_kind)
        waiting, held, errors = {}, self.browse(), {}
        self.env["spp.dci.crvs.candidate"]._replace(
            {
                case.event: case.to_show[: const.MAX_CANDIDATES]
                for case in batch.cases
                if case.to_show or case.event in failed or case.event.released
            }
        )
        for case in batch.cases:
            event = case.event
            if case.postponed:
                event._postpone(case.postponed)
                waited.discard(event.id)
            elif case.error:
                if case.error[0] == "no_match":
                    waiting[event.id] = case.values["waits_for"]
                errors[case.error] = errors.get(case.error, self.browse()) | event
            elif case.outcome == "scheduled":
                event._schedule(self._start_of(event.event_date, event.company_id))
            elif case.outcome == "held":
                event._hold(case.hold_reason)
                held |= event
            else:
                event._finish(**event._result_values(case, batch))
        for (kind, message), events in errors.items():
            events._fail(kind, message)
        self.env["spp.dci.crvs.event.wait"]._replace(
            forget=waited - waiting.keys(),
            waiting={key: value for key, value in waiting.items() if key not in waited},
        )
        failed.filtered(lambda event: event.state != "error")._open_alerts("attention").unlink()
        held._tell_managers_of_held()

    def _result_values(self, case, batch):
        """Return what a case that came to its end writes on its event.

        Changes are added to those there are: an event that is looked at again, because another
        one was undone, keeps what it had changed before.
        """
        values = {key: value for key, value in case.values.items() if key != "waits_for"}
        if case.outcome == "superseded":
            outcome = "superseded"
            case.flags.insert(
                0,
                case.remark or self.env._("A later event decides this person's civil status."),
            )
        elif case.flags:
            outcome = "flagged"
        else:
            outcome = "applied" if case.changes or self.changes else "no_effect"
        return {
            **values,
            "outcome": outcome,
            "error_message": "\n".join(case.flags) or False,
            "person_id": case.person.id,
            "company_id": (case.person.company_id or self.company_id).id,
            "spouse_id": case.spouse.id,
            "registration_number": case.registration_number or False,
            "date_text": case.vital.when.text if not case.vital.event_date else False,
            "changes": [*(self.changes or []), *case.changes] or False,
            "processed_date": batch.now,
        }
