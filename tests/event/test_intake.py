import re
from datetime import date

from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestStore(EventCase):
    def test_event_is_stored_as_received_with_everything(self):
        vital = self.vital("death", {"UIN": "U-1", "DRN": "D-1"}, date(2024, 5, 1))
        event = self.store(vital)
        self.assertEqual((event.state, event.outcome), ("received", False))
        self.assertEqual(event.event_type, "death")
        self.assertEqual((event.identifier_type, event.identifier_value), ("UIN", "U-1"))
        self.assertEqual(event.event_date, date(2024, 5, 1))
        self.assertEqual((event.sender_id, event.data_source_id), (self.sender, self.source))
        self.assertEqual(event.reference, vital.reference_id)
        self.assertEqual(event.source, "notification")
        self.assertTrue(event.received_date)
        self.assertEqual(event._read_vital(), vital)

    def test_reference_says_nothing_about_the_person(self):
        events = self.store(*(self.vital("death", {"UIN": f"U-{i}"}) for i in range(3)))
        for event in events:
            self.assertRegex(event.name, re.compile(r"^CRVS/\d{4}/\d{6}-[123]$"))
        self.assertEqual(len(set(events.mapped("name"))), 3)
        alone = self.store(self.vital("death", {"UIN": "U-9"}))
        self.assertRegex(alone.name, re.compile(r"^CRVS/\d{4}/\d{6}$"))

    def test_sequence_that_leaves_no_gap_is_honoured(self):
        sequence = self.env.ref("spp_dci_client_crvs.seq_crvs_event")
        sequence.write({"implementation": "no_gap", "prefix": "E-", "number_next": 7})
        events = self.store(*(self.vital("death", {"UIN": f"U-{i}"}) for i in range(2)))
        self.assertEqual(events.mapped("name"), ["E-000007-1", "E-000007-2"])

    def test_same_event_again_is_counted_not_stored(self):
        event = self.store(self.vital("death", {"UIN": "U-1", "DRN": "D-1"}))
        again = self.store(self.vital("death", {"DRN": "D-1", "UIN": "U-1"}))
        self.assertFalse(again)
        self.assertEqual(event.duplicate_count, 1)

    def test_same_event_twice_in_one_message(self):
        event = self.store(*(self.vital("death", {"UIN": "U-1"}) for _twice in range(2)))
        self.assertEqual(len(event), 1)
        self.assertEqual(event.duplicate_count, 1)

    def test_other_content_is_another_event(self):
        first = self.store(self.vital("death", {"UIN": "U-1"}, date(2024, 5, 1)))
        self.assertTrue(self.store(self.vital("death", {"UIN": "U-1"}, date(2024, 5, 2))))
        self.assertTrue(self.store(self.vital("death", {"UIN": "U-1", "DRN": "D-1"})))
        self.assertEqual(first.duplicate_count, 0)

    def test_each_sender_has_its_own_events(self):
        self.store(self.vital("death", {"UIN": "U-1"}))
        other = self.store(self.vital("death", {"UIN": "U-1"}), sender=self.other_sender)
        self.assertEqual(other.sender_id, self.other_sender)

    def test_pushed_and_pulled_event_of_one_sender_is_the_same(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        self.assertFalse(self.store(self.vital("death", {"UIN": "U-1"}), source="pull"))
        self.assertEqual(event.duplicate_count, 1)

    def test_registries_without_sender_are_told_apart(self):
        nobody = self.env["spp.dci.crvs.sender"]
        other = self.source.copy({"code": "crvs_other", "name": "Other"})
        vital = self.vital("death", {"UIN": "U-1"})
        self.assertTrue(self.store(vital, sender=nobody, source="search"))
        self.assertFalse(self.store(vital, sender=nobody, source="search"))
        self.assertTrue(self.store(vital, sender=nobody, data_source=other, source="search"))

    def test_unreadable_item_is_kept(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}, "no date"))
        self.assertEqual(event.state, "received")
        self.assertIn("no date", event.raw_data)

    def test_lone_surrogate_is_kept_escaped(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}, name="\ud800"))
        self.assertIn("\\ud800", event.raw_data)

    def test_thousands_in_a_few_statements(self):
        vitals = [self.vital("death", {"UIN": f"U-{index}"}) for index in range(300)]
        self.store(self.vital("death", {"UIN": "first"}))  # fills the caches
        before = self.env.cr.sql_log_count
        self.assertEqual(len(self.store(*vitals)), 300)
        self.assertLess(self.env.cr.sql_log_count - before, 12)

    def test_no_statement_with_personal_data_can_meet_a_duplicate(self):
        """The row is claimed by its digest before anything about the person is written."""
        statements = []
        execute = type(self.env.cr).execute

        def spy(cursor, query, params=None, **kwargs):
            statements.append(str(getattr(query, "params", params) or ""))
            return execute(cursor, query, params, **kwargs)

        self.patch(type(self.env.cr), "execute", spy)
        self.store(self.vital("death", {"UIN": "SECRET-1"}, name="Secret Name"))
        self.assertTrue(any("SECRET-1" in statement for statement in statements))
        statements.clear()
        self.store(self.vital("death", {"UIN": "SECRET-1"}, name="Secret Name"))
        self.assertTrue(statements)
        self.assertFalse([text for text in statements if "SECRET-1" in text or "Secret" in text])
