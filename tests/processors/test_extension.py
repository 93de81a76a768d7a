"""What other addons may do: extend processors, and make events by themselves."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestProcessorExtension(EventCase):
    def _extended(self, event_type, extension):
        """Put a method in front of a processor's `process`, as `_inherit` does."""
        processor = type(self.env[f"spp.dci.crvs.processor.{event_type}"])
        process = processor.process
        return patch.object(
            processor, "process", lambda self, events: extension(process, self, events)
        )

    def test_engine_calls_process_with_the_events_of_one_type(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        ben = self.registrant("Ben", ids={"UIN": "U-2"})
        self.store(self.vital("death", {"UIN": "U-1"}), self.vital("death", {"UIN": "U-2"}))
        self.store(self.vital("birth", {"UIN": "U-2"}, date(2000, 1, 1), birth_date="2000-01-01"))
        seen = []

        def extension(process, processor, events):
            before = events.person_id.filtered("disabled")
            result = process(processor, events)
            seen.extend(zip(events.mapped("event_type"), events.person_id, strict=True))
            self.assertFalse(before)
            self.assertEqual(events.person_id.filtered("disabled"), events.person_id)
            return result

        with self._extended("death", extension):
            self.run_due()
        self.assertEqual(seen, [("death", ana), ("death", ben)])

    def test_processor_that_crashes_touches_nothing_else(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        ben = self.registrant("Ben", ids={"UIN": "U-2"})
        death = self.store(self.vital("death", {"UIN": "U-1"}))
        birth = self.store(
            self.vital("birth", {"UIN": "U-2"}, date(2000, 1, 1), birth_date="2000-01-01")
        )

        def extension(process, processor, events):
            process(processor, events)
            raise ValueError("U-1 is Ana")

        with (
            self._extended("death", extension),
            self.assertLogs("odoo.addons.spp_dci_client_crvs", 30) as logs,
        ):
            self.run_due()
        self.assertError(death, "technical")
        self.assertIn("ValueError", death.error_message)
        self.assertNotIn("Ana", death.error_message + "".join(logs.output))
        self.assertFalse(ana.disabled)
        self.assertOutcome(birth, "applied")
        self.assertEqual(ben.birthdate, date(2000, 1, 1))
        death.action_retry_processing()
        self.assertOutcome(death, "applied")
        self.assertTrue(ana.disabled)

    def test_processing_by_the_public_method(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        processor = self.env["spp.dci.crvs.processor.death"]
        with self.assertRaises(AccessError):
            processor.with_user(self.viewer).process(event)
        for nonsense in (event.ids, ana, None):
            with self.assertRaises(ValidationError):
                processor.with_user(self.officer).process(nonsense)
        with self.assertRaises(ValidationError):
            self.env["spp.dci.crvs.processor.birth"].with_user(self.officer).process(event)
        self.assertTrue(processor.with_user(self.officer).process(event))
        self.assertOutcome(event, "applied")
        self.assertTrue(ana.disabled)

    def test_event_made_by_code_is_completed_and_processed(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.events.create(
            {
                "event_type": "death",
                "identifier_type": "UIN",
                "identifier_value": "U-1",
                "event_date": "2024-05-01",
            }
        )
        self.assertTrue(event.name)
        self.assertEqual(event.state, "received")
        self.assertIn(event, self.run_due())
        self.assertOutcome(event, "applied")
        self.assertEqual(ana.death_date, date(2024, 5, 1))
        with self.assertRaises(AccessError):
            self.events.with_user(self.manager).create({"event_type": "death"})

    def test_event_with_broken_data_is_invalid(self):
        event = self.events.create({"event_type": "death", "raw_data": "{"})
        event.process_event()
        self.assertError(event, "invalid")
