import threading
from datetime import date

import psycopg2
from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo import api, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..helpers.committed import CommittedCase


@tagged("post_install", "-at_install")
class TestConcurrency(CommittedCase):
    def claim(self, env, limit=100):
        return env["spp.dci.crvs.event"]._as_processor()._claim(limit)

    def test_workers_claim_different_events(self):
        with self.transaction() as env:
            for person in range(4):
                self.store(env, "death", person, "2024-05-01")
        with self.transaction() as one, self.transaction() as two:
            first = self.claim(one, 2)
            second = self.claim(two, 4)
            self.assertEqual((len(first), len(second)), (2, 2))
            self.assertFalse(set(first.ids) & set(second.ids))

    def test_process_event_leaves_what_a_worker_has(self):
        with self.transaction() as env:
            event = self.store(env, "death", 0, "2024-05-01")
        with self.transaction() as one, self.transaction() as two:
            self.claim(one)
            self.assertIs(event.with_env(two).process_event(), False)

    def test_registrant_that_somebody_has_locked_is_left_for_later(self):
        with self.transaction() as env:
            for person in range(2):
                self.store(env, "death", person, "2024-05-01")
        with self.transaction() as user, self.transaction() as worker:
            user["res.partner"].browse(self.person_ids[0]).lock_for_update()
            events = self.claim(worker)
            before = fields.Datetime.now()
            self.assertEqual(events._process_batch(), 1)
            self.assertEqual(events.mapped("state"), ["received", "processed"])
            self.assertGreater(events[0].next_attempt, before)
        with self.transaction() as worker:
            worker["spp.dci.crvs.event"]._cron_process_backlog()
            self.assertEqual(self.events(worker).mapped("outcome"), ["applied"] * 2)

    def test_worker_never_decides_on_an_old_snapshot(self):
        """The divorce of 2021 is known to the worker that gets the marriage of 2020."""
        with self.transaction() as env:
            divorce = self.store(env, "divorce", 0, "2021-01-01")
        with self.transaction() as env:
            marriage = self.store(env, "marriage", 0, "2020-01-01")
        with self.transaction(commit=False) as two:
            two.cr.execute("SELECT 1")
            two["res.partner"].browse(self.person_ids[0]).fetch(["civil_status_id"])
            with self.transaction() as one:
                divorce.with_env(one).process_event()
            with self.assertRaises(SerializationFailure):
                marriage.with_env(two).process_event()
        with self.transaction() as worker:
            worker["spp.dci.crvs.event"]._cron_process_backlog()
            self.assertEqual(marriage.with_env(worker).outcome, "superseded")

    @freeze_time("2026-11-26 12:00:00")
    def test_event_without_change_is_news_to_other_workers_too(self):
        """Also in the same second."""
        with self.transaction() as env:
            first = self.store(env, "marriage", 0, "2020-01-01")
            first.process_event()
            again = self.store(env, "marriage", 0, "2019-01-01")
            third = self.store(env, "divorce", 0, "2018-01-01")
        with self.transaction(commit=False) as two:
            two.cr.execute("SELECT 1")
            with self.transaction() as one:
                again.with_env(one).process_event()
                self.assertEqual(again.with_env(one).outcome, "superseded")
            with self.assertRaises(SerializationFailure):
                third.with_env(two).process_event()

    def test_scheduler_looks_again_after_a_conflict(self):
        with self.transaction() as env:
            self.store(env, "death", 0, "2024-05-01")
        failures = iter([SerializationFailure(), SerializationFailure()])
        events = type(self.env["spp.dci.crvs.event"])
        process = events._process_batch

        def conflicting(records):
            if error := next(failures, None):
                raise error
            return process(records)

        self.patch(events, "_process_batch", conflicting)
        with self.transaction() as worker:
            worker["spp.dci.crvs.event"]._cron_process_backlog()
            self.assertEqual(self.events(worker).outcome, "applied")

    def test_crash_leaves_the_event_as_it_was(self):
        with self.transaction() as env:
            self.store(env, "death", 0, "2024-05-01")
        with self.transaction(commit=False) as worker:
            self.assertEqual(self.claim(worker)._process_batch(), 1)
            worker.flush_all()
        with self.transaction() as env:
            self.assertEqual(self.events(env).state, "received")
            self.assertFalse(env["res.partner"].browse(self.person_ids[0]).disabled)
            env["spp.dci.crvs.event"]._cron_process_backlog()
            self.assertEqual(self.events(env).outcome, "applied")
            self.assertEqual(
                env["res.partner"].browse(self.person_ids[0]).death_date, date(2024, 5, 1)
            )

    def test_same_event_from_two_requests_at_once(self):
        outcome = []

        def second_request():
            with self.registry.cursor() as cr:
                env = api.Environment(cr, self.uid, {})
                try:
                    self.store(env, "death", 0, "2024-05-01")
                except psycopg2.errors.SerializationFailure as error:
                    cr.rollback()
                    outcome.append(error)
                    outcome.append(self.store(env, "death", 0, "2024-05-01"))

        with self.transaction() as one:
            self.store(one, "death", 0, "2024-05-01")
            thread = threading.Thread(target=second_request)
            with self.assertNoLogs("odoo.sql_db", "WARNING"):
                thread.start()
                thread.join(0.5)
                self.assertTrue(thread.is_alive(), "the second must wait for the first")
                one.cr.commit()
                thread.join(10)
        self.assertEqual(len(outcome), 2, "first a conflict, then a duplicate")
        with self.transaction() as env:
            self.assertEqual(self.events(env).duplicate_count, 1)

    # ------------------------------------------------------------------
    # Waking
    # ------------------------------------------------------------------

    def triggers(self, env):
        cron = env.ref("spp_dci_client_crvs.ir_cron_process_events")
        return env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])

    def wake(self, env):
        env["spp.dci.crvs.event"]._wake_scheduler()

    def test_waking_is_coalesced(self):
        with self.transaction() as env:
            self.triggers(env).unlink()
        with self.transaction() as env:
            self.wake(env)
            self.wake(env)
            self.assertEqual(len(self.triggers(env)), 1)
        with self.transaction() as env:
            self.wake(env)
            self.assertEqual(len(self.triggers(env)), 1)

    def test_trigger_that_a_run_has_taken_is_not_leant_on(self):
        with self.transaction() as env:
            self.triggers(env).unlink()
            self.wake(env)
        with self.transaction() as scheduler, self.transaction() as request:
            self.triggers(scheduler).unlink()
            scheduler.flush_all()
            self.wake(request)
            request.cr.commit()
            scheduler.cr.commit()
        with self.transaction() as env:
            self.assertEqual(len(self.triggers(env)), 1)

    @mute_logger("odoo.sql_db")
    def test_run_that_takes_a_trigger_waits_for_who_leans_on_it(self):
        with self.transaction() as env:
            self.triggers(env).unlink()
            self.wake(env)
        with self.transaction() as request, self.transaction(commit=False) as scheduler:
            self.wake(request)
            scheduler.cr.execute("SET LOCAL lock_timeout = '200ms'")
            with self.assertRaises(psycopg2.errors.LockNotAvailable), scheduler.cr.savepoint():
                scheduler.cr.execute("DELETE FROM ir_cron_trigger")
            request.cr.commit()
            scheduler.cr.execute("DELETE FROM ir_cron_trigger")

    def test_trigger_for_a_later_moment_is_not_leant_on_when_that_has_come(self):
        with self.transaction() as env:
            self.triggers(env).unlink()
            cron = env.ref("spp_dci_client_crvs.ir_cron_process_events")
            cron._trigger(at=fields.Datetime.now())
            env.flush_all()
            env.cr.execute(
                "UPDATE ir_cron_trigger SET create_date = create_date - interval '3 seconds'"
            )
        with self.transaction() as env:
            env["spp.dci.crvs.event"]._wake_scheduler()
            self.assertEqual(len(self.triggers(env)), 2)

    def test_old_trigger_is_not_leant_on(self):
        with self.transaction() as env:
            self.triggers(env).unlink()
            self.wake(env)
            self.triggers(env).call_at = "2024-01-01 00:00:00"
        with self.transaction() as env:
            self.wake(env)
            self.assertEqual(len(self.triggers(env)), 2)
