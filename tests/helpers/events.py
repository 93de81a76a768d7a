"""What the tests of the event engine share: a registry's sender, registrants, vital events."""

from datetime import date
from itertools import count

from odoo.tests import TransactionCase, new_test_user

from ... import const
from ...services import records

_numbers = count(1)


class EventCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.events = cls.env["spp.dci.crvs.event"]
        cls.sender = cls.env["spp.dci.crvs.sender"].create(
            {"name": "Civil Registry", "sender_id": "registry.test", "algorithm": "ed25519"}
        )
        cls.other_sender = cls.env["spp.dci.crvs.sender"].create(
            {"name": "Other Registry", "sender_id": "other.test", "algorithm": "ed25519"}
        )
        cls.source = cls.env["spp.dci.data.source"].create(
            {
                "name": "Registry",
                "code": "crvs_test",
                "registry_type": "CRVS",
                "base_url": "https://registry.test",
                "auth_type": "none",
                "crvs_sender_id": cls.sender.id,
            }
        )
        cls.processor_user = cls.env.ref("spp_dci_client_crvs.user_crvs_processor")
        cls.viewer, cls.officer, cls.manager = (
            new_test_user(
                cls.env,
                login=f"crvs_{group}",
                groups=f"spp_dci_client_crvs.group_crvs_{group}",
            )
            for group in ("viewer", "officer", "manager")
        )
        # Whatever else the database holds must not be due while a test runs.
        cls.env["ir.cron.trigger"].search([]).unlink()
        cls.events.search([("next_attempt", "!=", False)]).next_attempt = False

    # ------------------------------------------------------------------
    # Registrants
    # ------------------------------------------------------------------

    def code(self, code, namespace=const.ID_TYPE_NAMESPACE):
        codes = self.env["spp.vocabulary.code"]
        if not (found := codes.get_code(namespace, code)):
            # The country's own.
            vocabulary = self.env["spp.vocabulary"].search([("namespace_uri", "=", namespace)])
            found = codes.create(
                {
                    "vocabulary_id": vocabulary.id,
                    "code": code,
                    "display": f"Local {code}",
                    "is_local": True,
                }
            )
        return found

    def civil_status(self, code):
        return self.code(code, const.CIVIL_STATUS_NAMESPACE)

    def registrant(self, name="Ana Test", *, ids=None, **values):
        """Create an individual.

        :param dict ids: values by ID type code
        """
        return self.env["res.partner"].create(
            {
                "name": name,
                "is_registrant": True,
                "reg_ids": [
                    (0, 0, {"id_type_id": self.code(code).id, "value": value})
                    for code, value in (ids or {}).items()
                ],
                **values,
            }
        )

    def numbers(self, partner, code, invalid=False):
        """Return a registrant's numbers of a type: those that are alive, or the invalid ones."""
        return partner.reg_ids.filtered(
            lambda number: number.id_type_id.code == code
            and (number.status == "invalid") == invalid
        ).mapped("value")

    def member(self, partner, state="enrolled"):
        if "spp.program.membership" not in self.env:
            self.skipTest("spp_programs is not installed")
        program = self.env["spp.program"].create({"name": f"Program {next(_numbers)}"})
        return self.env["spp.program.membership"].create(
            {"partner_id": partner.id, "program_id": program.id, "state": state}
        )

    # ------------------------------------------------------------------
    # Vital events
    # ------------------------------------------------------------------

    def vital(self, event_type, ids, day=date(2024, 5, 1), *, spouse=None, **person):
        """Return an event as the standard notification brings it.

        :param dict ids: the person's identifiers, values by type
        :param dict spouse: those of the spouse
        """
        record = {"identifier": _identifiers(ids), **person}
        if day is not None:
            record[f"{event_type}_date"] = day if isinstance(day, str) else day.isoformat()
        if spouse is not None:
            record["spouse"] = {"identifier": _identifiers(spouse)}
        item = {
            "reference_id": f"ref-{next(_numbers)}",
            "data": {"reg_event_type": event_type, "reg_records": record},
        }
        (event,) = records.read_notification({"notify_event": [item]}).events
        return event

    def store(self, *vitals, sender=None, data_source=None, **kwargs):
        sender = self.sender if sender is None else sender
        source = self.source if data_source is None else data_source
        return self.events._store(vitals, sender=sender, data_source=source, **kwargs)

    def run_due(self):
        """Do what the scheduler does with one batch, without its commit."""
        events = self.events._as_processor()._claim(1000)
        events._process_batch()
        self.env.invalidate_all()
        return events

    def process(self, *args, **kwargs):
        """Store one event and process it."""
        event = self.store(self.vital(*args, **kwargs))
        event.process_event()
        return event

    def assertOutcome(self, event, outcome):
        self.assertEqual((event.state, event.outcome), ("processed", outcome), event.error_message)

    def assertError(self, event, kind):
        self.assertEqual((event.state, event.error_kind), ("error", kind), event.error_message)


def _identifiers(ids):
    return [
        {"identifier_type": code, "identifier_value": value} for code, value in (ids or {}).items()
    ]
