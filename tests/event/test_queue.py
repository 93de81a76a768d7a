import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.base.models import ir_cron

from ..helpers.committed import CommittedCase
from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestScheduledAction(CommittedCase):
    def cron(self, env):
        return env.ref("spp_dci_client_crvs.ir_cron_process_events")

    def test_scheduled_action_processes_in_batches_and_commits_each(self):
        with self.transaction() as env:
            for person in range(4):
                self.store(env, "death", person, "2024-05-01")
            env["ir.config_parameter"].set_param("spp_dci_client_crvs.batch_size", 3)
        self.addCleanup(self.reset_batch_size)
        sizes = []
        events = type(self.env["spp.dci.crvs.event"])
        process = events._process_batch

        def counting(records):
            if records:
                sizes.append(len(records))
            return process(records)

        self.patch(events, "_process_batch", counting)
        with (
            self.transaction() as env,
            self.assertNoLogs("odoo.addons.base.models.ir_cron", "WARNING"),
        ):
            self.cron(env).method_direct_trigger()
        with self.transaction() as env:
            self.assertEqual(self.events(env).mapped("outcome"), ["applied"] * 4)
        self.assertEqual(sizes, [3, 1])

    def reset_batch_size(self):
        with self.transaction() as env:
            env["ir.config_parameter"].set_param("spp_dci_client_crvs.batch_size", False)

    def test_nothing_to_do_and_things_to_come_are_no_trouble(self):
        with self.transaction() as env:
            self.store(env, "death", 0, "2924-05-01")
            with self.assertNoLogs("odoo.addons.base.models.ir_cron", "WARNING"):
                self.cron(env).method_direct_trigger()
                self.cron(env).method_direct_trigger()

    def test_run_whose_time_is_up_has_the_scheduler_come_back_at_once(self):
        with self.transaction() as env:
            for person in range(4):
                self.store(env, "death", person, "2024-05-01")
            env["ir.config_parameter"].set_param("spp_dci_client_crvs.batch_size", 1)
        self.addCleanup(self.reset_batch_size)
        clock = self.startPatcher(patch.object(ir_cron, "time", wraps=time))
        events = type(self.env["spp.dci.crvs.event"])
        process = events._process_batch

        def process_until_time_is_up(records):
            clock.monotonic.side_effect = lambda: float("inf")
            return process(records)

        self.patch(events, "_process_batch", process_until_time_is_up)
        with (
            patch.object(ir_cron, "MIN_RUNS_PER_JOB", 1),
            patch.object(ir_cron.IrCron, "_notifydb", autospec=True) as notify,
            self.transaction() as env,
        ):
            self.cron(env).method_direct_trigger()
        with self.transaction() as env:
            self.assertEqual(self.events(env).mapped("state").count("processed"), 1)
        self.assertTrue(notify.called)

    def test_full_backlog_calls_the_other_workers(self):
        with self.transaction() as env:
            second = self.cron(env).copy()
            self.addCleanup(self.remove, second.id, second.ir_actions_server_id.id)
            for person in range(4):
                self.store(env, "death", person, "2024-05-01")
            env["ir.config_parameter"].set_param("spp_dci_client_crvs.batch_size", 2)
        self.addCleanup(self.reset_batch_size)
        with self.transaction() as env:
            self.assertIn(second.with_env(env), env["spp.dci.crvs.event"]._crons())
            self.cron(env).method_direct_trigger()
        with self.transaction() as env:
            triggers = env["ir.cron.trigger"].search([("cron_id", "=", second.id)])
            self.assertEqual(len(triggers), 1)

    def remove(self, cron_id, action_id):
        with self.transaction() as env:
            env["ir.cron.trigger"].search([("cron_id", "=", cron_id)]).unlink()
            env["ir.cron"].browse(cron_id).unlink()
            env["ir.actions.server"].browse(action_id).exists().unlink()

    def test_retry_before_the_next_turn_is_triggered(self):
        with self.transaction() as env:
            env["ir.cron.trigger"].search([]).unlink()
            env.cr.execute(
                "UPDATE ir_cron SET nextcall = now() at time zone 'utc' + interval '1 day'"
                " WHERE id = %s",
                [self.cron(env).id],
            )
        with self.transaction() as env:
            event = self.store(env, "death", "nobody", "2024-05-01")
        with self.transaction() as env:
            self.cron(env).method_direct_trigger()
        with self.transaction() as env:
            event = event.with_env(env)
            self.assertEqual(event.error_kind, "no_match")
            later = env["ir.cron.trigger"].search(
                [("cron_id", "=", self.cron(env).id), ("call_at", ">", fields.Datetime.now())]
            )
            self.assertEqual(later.mapped("call_at"), [event.next_attempt])


@tagged("post_install", "-at_install")
class TestSchedulerWatch(EventCase):
    def warnings(self):
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "spp.dci.crvs.event"),
                ("summary", "ilike", "not being processed"),
            ]
        )

    def test_switched_off_scheduler_is_shown_to_managers(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        self.assertFalse(event.scheduler_off)
        self.events._watch_scheduler()
        self.assertFalse(self.warnings())
        self.events._crons().active = False
        self.env.invalidate_all()
        self.assertTrue(event.scheduler_off)
        self.events._watch_scheduler()
        self.events._watch_scheduler()
        self.assertEqual(self.warnings().user_id, self.events._crvs_managers())
        self.assertEqual(len(self.warnings()), len(self.warnings().user_id))

    def test_workers_do_not_count_on_a_scheduler_that_is_switched_off(self):
        first = self.events._crons()
        second = first.copy()
        first.active = False
        self.assertEqual(self.events._as_processor()._crons(), second)

    def test_backlog_that_nobody_touches_is_shown_too(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        event.next_attempt = fields.Datetime.now() - timedelta(hours=2)
        self.events._watch_scheduler()
        self.assertTrue(self.warnings())

    def test_storing_wakes_the_scheduler(self):
        with patch.object(type(self.events), "_wake_scheduler") as wake:
            self.store(self.vital("death", {"UIN": "U-1"}))
            self.assertEqual(wake.call_count, 1)
            self.store(self.vital("death", {"UIN": "U-1"}))
            self.assertEqual(wake.call_count, 1)


@tagged("post_install", "-at_install")
class TestShares(EventCase):
    """Registries share the scheduler: one that floods delays nothing of another's."""

    def test_flood_of_one_sender_leaves_room_for_others(self):
        flood = self.store(*(self.vital("death", {"UIN": f"F-{n}"}) for n in range(30)))
        flood.write({"next_attempt": "2024-01-01 00:00:00"})
        late = self.store(self.vital("death", {"UIN": "L-1"}), sender=self.other_sender)
        without = self.store(
            self.vital("death", {"UIN": "W-1"}), sender=self.env["spp.dci.crvs.sender"]
        )
        claimed = self.events._as_processor()._claim(10)
        self.assertEqual((claimed & (late | without)).ids, (late | without).ids)
        self.assertEqual(len(claimed & flood), 4)

    def test_one_alone_gets_all(self):
        events = self.store(*(self.vital("death", {"UIN": f"F-{n}"}) for n in range(12)))
        waiting = self.store(self.vital("death", {"UIN": "L-1"}), sender=self.other_sender)
        waiting.next_attempt = "2999-01-01 00:00:00"
        self.assertEqual(self.events._as_processor()._claim(10).ids, events[:10].ids)
