from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..helpers.events import EventCase

LOGGER = "odoo.addons.spp_dci_client_crvs.models.event.event"


@tagged("post_install", "-at_install")
class TestLifeCycle(EventCase):
    def break_down(self, when=lambda case: True, error=ZeroDivisionError):
        """Let the death processor fail for some cases."""
        processor = type(self.env["spp.dci.crvs.processor.death"])
        apply = processor._apply

        def broken(model, cases, batch):
            for case in cases:
                if when(case):
                    raise error("SECRET-VALUE")
            return apply(model, cases, batch)

        return patch.object(processor, "_apply", broken)

    # ------------------------------------------------------------------
    # States
    # ------------------------------------------------------------------

    def test_process_event_says_whether_it_is_processed(self):
        self.registrant(ids={"UIN": "U-1"})
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        self.assertIs(event.process_event(), True)
        self.assertIs(event.process_event(), True)
        self.assertEqual(event.attempts, 1)
        nobody = self.store(self.vital("death", {"UIN": "U-2"}))
        self.assertIs(nobody.process_event(), False)
        self.assertError(nobody, "no_match")

    def test_event_of_the_future_waits_for_its_day(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.env.company.partner_id.tz = "Asia/Manila"
        with freeze_time("2024-04-30 15:59:00"):  # 23:59 in Manila
            event = self.store(self.vital("death", {"UIN": "U-1"}, date(2024, 5, 1)))
            self.assertIs(event.process_event(), False)
            self.assertEqual((event.state, event.outcome), ("received", "scheduled"))
            self.assertEqual(event.next_attempt, datetime(2024, 4, 30, 16))
            self.assertFalse(self.run_due())
            self.assertFalse(ana.disabled)
        with freeze_time("2024-04-30 16:00:00"):
            self.assertEqual(self.run_due(), event)
            self.assertOutcome(event, "applied")
        self.assertTrue(ana.disabled)

    def test_date_centuries_ahead_is_visible(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}, date(2924, 5, 1)))
        self.run_due()
        self.assertError(event, "invalid")
        self.assertIn("future", event.error_message)

    def test_copying_is_refused(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        with self.assertRaises(UserError):
            event.copy()

    def test_event_without_original_data_is_read_from_its_fields(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.events.create(
            {
                "event_type": "death",
                "event_date": "2024-05-01",
                "identifier_type": "UIN",
                "identifier_value": "U-1",
            }
        )
        self.assertTrue(event.process_event())
        self.assertEqual(ana.death_date, date(2024, 5, 1))

    # ------------------------------------------------------------------
    # Technical errors
    # ------------------------------------------------------------------

    def test_breakdown_ends_in_error_and_touches_nothing(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        with self.break_down(), self.assertLogs(LOGGER, "WARNING") as logs:
            self.assertIs(event.process_event(), False)
        self.assertError(event, "technical")
        self.assertFalse(ana.disabled)
        self.assertFalse(ana.message_ids.filtered(lambda m: event.name in m.body))
        for text in (event.error_message, *logs.output):
            self.assertIn("ZeroDivisionError", text)
            self.assertNotIn("SECRET-VALUE", text)

    def test_failing_statement_leaves_no_value_in_the_log(self):
        self.registrant(ids={"UIN": "U-1"})
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        processor = type(self.env["spp.dci.crvs.processor.death"])

        def broken(model, cases, batch):
            model.env.cr.execute("SELECT 1 / (length(%s) - length(%s))", ["SECRET", "SECRET"])

        with (
            patch.object(processor, "_apply", broken),
            self.assertLogs("odoo.sql_db", "WARNING") as statements,
            self.assertLogs(LOGGER, "WARNING") as ours,
        ):
            event.process_event()
        self.assertError(event, "technical")
        for text in (*statements.output, *ours.output, event.error_message):
            self.assertNotIn("SECRET", text)

    def test_one_bad_event_does_not_stop_its_neighbours(self):
        people = [self.registrant(ids={"UIN": f"U-{i}"}) for i in range(5)]
        events = self.store(*(self.vital("death", {"UIN": f"U-{i}"}) for i in range(5)))
        bad = events[2]
        with self.break_down(lambda case: case.event == bad), mute_logger(LOGGER):
            self.run_due()
        self.assertError(bad, "technical")
        self.assertFalse(people[2].disabled)
        for event, person in zip(events - bad, people[:2] + people[3:], strict=True):
            self.assertOutcome(event, "applied")
            self.assertTrue(person.disabled)

    def test_retries_back_off_and_end_with_a_person(self):
        self.env["ir.config_parameter"].set_param("spp_dci_client_crvs.technical_attempts", 4)
        self.registrant(ids={"UIN": "U-1"})
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        delays = []
        start = datetime(2025, 1, 1)
        with self.break_down(), mute_logger(LOGGER):
            for attempt in range(1, 5):
                with freeze_time(start + timedelta(days=attempt)):
                    event.sudo().next_attempt = fields.Datetime.now()
                    self.run_due()
                    if event.next_attempt:
                        delays.append((event.next_attempt - fields.Datetime.now()).seconds / 60)
        self.assertEqual(event.attempts, 4)
        self.assertEqual(len(delays), 3)
        for delay, least in zip(delays, (1, 2, 4), strict=True):
            self.assertGreaterEqual(delay, least - 0.02)
            self.assertLessEqual(delay, least * 1.25)
        self.assertError(event, "technical")
        self.assertFalse(event.next_attempt)
        self.assertTrue(event.activity_ids)

    def test_delay_is_capped(self):
        delay = self.events._retry_delay("technical", 7)
        self.assertLessEqual(delay, timedelta(minutes=64 * 1.25))
        self.env["ir.config_parameter"].set_param("spp_dci_client_crvs.technical_max_delay_min", 5)
        delay = self.events._retry_delay("technical", 7)
        self.assertLessEqual(delay, timedelta(minutes=5 * 1.25))

    # ------------------------------------------------------------------
    # Nobody found
    # ------------------------------------------------------------------

    def test_nobody_found_is_tried_again_slowly(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        waits = []
        for _attempt in range(5):
            self.run_due()
            waits.append(event.next_attempt - fields.Datetime.now())
            event.sudo().next_attempt = fields.Datetime.now()
        for wait, minutes in zip(waits, (1, 60, 360, 1440, 1440), strict=True):
            self.assertGreaterEqual(wait, timedelta(minutes=minutes - 0.1))
            self.assertLessEqual(wait, timedelta(minutes=minutes * 1.25))
        self.env["ir.config_parameter"].set_param("spp_dci_client_crvs.no_match_attempts", 6)
        self.run_due()
        self.assertError(event, "no_match")
        self.assertFalse(event.next_attempt)
        self.assertTrue(event.activity_ids)

    def test_added_identifier_ends_the_waiting_at_once(self):
        event = self.store(self.vital("death", {"UIN": "U-1", "BRN": "B-1"}))
        self.run_due()
        self.assertError(event, "no_match")
        self.env["ir.cron.trigger"].search([]).unlink()
        ana = self.registrant(ids={"BRN": "B-1"})
        cron = self.env.ref("spp_dci_client_crvs.ir_cron_process_events")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        self.assertEqual(self.run_due(), event)
        self.assertOutcome(event, "applied")
        self.assertTrue(ana.disabled)
        self.assertFalse(self.env["spp.dci.crvs.event.wait"].search([("event_id", "=", event.id)]))

    def test_changed_identifier_ends_the_waiting_too(self):
        ana = self.registrant(ids={"UIN": "WRONG"})
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        self.run_due()
        ana.reg_ids.value = "U-1"
        self.assertEqual(self.run_due(), event)
        self.assertOutcome(event, "applied")
        # The same for one that becomes valid.
        ben = self.registrant("Ben", ids={"UIN": "U-2"})
        ben.reg_ids.status = "invalid"
        event = self.store(self.vital("death", {"UIN": "U-2"}))
        self.run_due()
        self.assertError(event, "no_match")
        ben.reg_ids.status = "valid"
        self.assertEqual(self.run_due(), event)
        self.assertOutcome(event, "applied")

    def test_number_that_another_event_gives_ends_the_waiting_too(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        death = self.store(self.vital("death", {"BRN": "B-1"}))
        self.run_due()
        self.assertError(death, "no_match")
        self.process("birth", {"UIN": "U-1", "BRN": "B-1"}, date(2000, 1, 1))
        self.run_due()
        self.assertOutcome(death, "applied")
        self.assertTrue(ana.disabled)

    def test_identifier_of_another_type_or_value_wakes_nobody(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        self.run_due()
        due = event.next_attempt
        self.registrant(ids={"passport": "U-1", "UIN": "U-2"})
        self.assertEqual(event.next_attempt, due)

    def test_adding_identifiers_is_cheap_when_nothing_waits(self):
        ana = self.registrant()
        code = self.code("UIN")
        values = {"partner_id": ana.id, "id_type_id": code.id}
        number = self.env["spp.registry.id"].create({**values, "value": "U-1"})
        number.status = "invalid"
        self.env.flush_all()
        number.invalidate_recordset()
        with patch.object(
            type(self.events), "_wake_scheduler", side_effect=AssertionError("woken for nothing")
        ):
            before = self.env.cr.sql_log_count
            number._tell_waiting_events()
            queries = self.env.cr.sql_log_count - before
            self.env["spp.registry.id"].create({**values, "value": "U-2"})
        self.assertLessEqual(queries, 2)

    # ------------------------------------------------------------------
    # Waiting for a person
    # ------------------------------------------------------------------

    def test_ambiguous_calls_one_officer_once(self):
        self.registrant(ids={"UIN": "U-1"})
        double = self.registrant("Ana again", ids={"BRN": "B-1"})
        event = self.store(self.vital("death", {"UIN": "U-1", "BRN": "B-1"}, name="Ana Secret"))
        self.run_due()
        event.action_retry_processing()
        activity = event.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertIn(activity.user_id, self.events._crvs_officers())
        self.assertTrue(activity.user_id.has_group("spp_dci_client_crvs.group_crvs_officer"))
        text = f"{activity.summary} {activity.note}"
        for secret in ("Ana", "U-1", "B-1"):
            self.assertNotIn(secret, text)
        double.reg_ids.unlink()
        event.action_retry_processing()
        self.assertOutcome(event, "applied")
        self.assertFalse(event.activity_ids)

    def test_calls_are_shared_among_officers(self):
        groups = "spp_dci_client_crvs.group_crvs_officer"
        second = self.officer.copy({"login": "crvs_officer_2"})
        self.assertTrue(second.has_group(groups))
        events = self.store(*(self.vital("death", {}, date(2024, 1, d + 1)) for d in range(4)))
        self.run_due()
        calls = events.activity_ids.grouped("user_id")
        ours = {user: len(acts) for user, acts in calls.items()}
        self.assertEqual(set(ours), set(self.events._crvs_officers()))
        self.assertLessEqual(max(ours.values()) - min(ours.values()), 1)

    def test_retry_leaves_alone_what_is_not_in_error(self):
        self.registrant(ids={"UIN": "U-1"})
        done = self.process("death", {"UIN": "U-1"})
        fresh = self.store(self.vital("death", {"UIN": "U-2"}))
        failed = self.process("death", {"UIN": "U-3"})
        ana = self.registrant(ids={"UIN": "U-3"})
        self.assertIs((done | fresh | failed).action_retry_processing(), True)
        self.assertEqual(done.attempts, 1)
        self.assertEqual(fresh.state, "received")
        self.assertOutcome(failed, "applied")
        self.assertTrue(ana.disabled)
        self.assertIs(self.events.action_retry_processing(), True)

    # ------------------------------------------------------------------
    # Handed over
    # ------------------------------------------------------------------

    def test_handed_over_events_are_left_alone_until_the_lease_ends(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        self.events._as_processor()._claim(10)._hand_over()
        self.assertEqual(event.state, "processing")
        self.assertFalse(self.run_due())
        self.assertIs(event.process_event(), False)
        with freeze_time(datetime.now() + timedelta(minutes=16)):
            self.assertEqual(self.run_due(), event)
        self.assertOutcome(event, "applied")
        self.assertTrue(ana.disabled)

    def test_event_that_never_comes_back_is_given_up(self):
        self.env["ir.config_parameter"].set_param("spp_dci_client_crvs.technical_attempts", 2)
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        for _attempt in range(2):
            claimed = self.events._as_processor()._claim(10)
            self.assertEqual(claimed._without_stuck(), event)
            claimed._hand_over()
            event.next_attempt = fields.Datetime.now()
        self.assertFalse(self.events._as_processor()._claim(10)._without_stuck())
        self.assertError(event, "technical")
        self.assertFalse(event.next_attempt)
        self.assertTrue(event.activity_ids)

    def test_event_tried_often_is_not_taken_for_one_that_never_comes_back(self):
        event = self.process("death", {"UIN": "U-1"})
        self.assertError(event, "no_match")
        event.write({"attempts": 20, "next_attempt": fields.Datetime.now()})
        self.events._as_processor()._claim(10)._hand_over()
        event.next_attempt = fields.Datetime.now()
        claimed = self.events._as_processor()._claim(10)
        self.assertEqual(claimed._without_stuck(), event)
        self.assertEqual(event.attempts, 20)

    def test_handed_over_events_are_processed_once(self):
        self.registrant(ids={"UIN": "U-1"})
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        self.events._as_processor()._claim(10)._hand_over()
        self.assertEqual(event._process_handed_over(), 1)
        self.assertOutcome(event, "applied")
        self.assertEqual(event.attempts, 1)
        self.assertEqual(event._process_handed_over(), 0)
