from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.trust.sender_key import parse_pem
from ..helpers.callback import new_key, pem_of
from ..helpers.committed import CommittedCase
from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestUndoRun(EventCase):
    def start(self, since):
        wizard = (
            self.env["spp.dci.crvs.stolen.key"]
            .with_user(self.manager)
            .create({"sender_id": self.sender.id, "since": since, "reason": "Key stolen"})
        )
        self.counted = wizard.event_count
        return self.env["spp.dci.crvs.undo"].browse(wizard.action_confirm()["res_id"])

    def run_to_end(self, run):
        run = run.sudo()
        while run.state == "running":
            run._undo_some()
        self.env.invalidate_all()

    def test_everything_of_the_sender_since_then_is_undone(self):
        people = [self.registrant(ids={"UIN": f"U-{i}"}) for i in range(4)]
        before = self.process("death", {"UIN": "U-0"})
        before.sudo().received_date = "2024-01-01 00:00:00"
        stolen = self.process("death", {"UIN": "U-1"})
        touched = self.process("death", {"UIN": "U-2"})
        people[2].death_date = date(2020, 1, 1)
        other = self.store(self.vital("death", {"UIN": "U-3"}), sender=self.other_sender)
        other.process_event()
        waiting = self.store(self.vital("death", {"UIN": "nobody"}))
        run = self.start("2024-06-01")
        self.assertEqual(self.counted, 3)
        self.run_to_end(run)
        self.assertEqual([bool(p.disabled) for p in people], [True, False, False, True])
        self.assertOutcome(before, "applied")
        self.assertOutcome(other, "applied")
        self.assertEqual((stolen | touched | waiting).mapped("outcome"), ["reversed"] * 3)
        results = {line.event_id: line.result for line in run.line_ids}
        self.assertEqual(results, {stolen: "restored", touched: "partly", waiting: "stopped"})
        self.assertEqual(
            (run.restored_count, run.partly_count, run.stopped_count, run.remaining_count),
            (1, 1, 1, 0),
        )
        self.assertEqual(run.activity_ids.user_id, self.events._crvs_managers())
        self.assertEqual(stolen.undone_by, self.manager)

    def test_last_applied_is_undone_first(self):
        ana = self.registrant(ids={"UIN": "U-1"}, civil_status_id=self.civil_status("S").id)
        marriage = self.process("marriage", {"UIN": "U-1"}, date(2020, 1, 1))
        divorce = self.process("divorce", {"UIN": "U-1"}, date(2021, 1, 1))
        run = self.start("2024-06-01")
        self.run_to_end(run)
        self.assertEqual(ana.civil_status_id, self.civil_status("S"))
        self.assertEqual(run.line_ids.event_id, divorce | marriage)
        self.assertEqual(set(run.line_ids.mapped("result")), {"restored"})

    def test_number_that_cannot_be_put_back_is_listed_and_the_run_ends(self):
        ana = self.registrant(ids={"UIN": "U-1"}, civil_status_id=self.civil_status("S").id)
        self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1))
        self.process("divorce", {"UIN": "U-1"}, date(2021, 1, 1))
        self.process("marriage", {"UIN": "U-1", "MRN": "M-2"}, date(2022, 1, 1))
        ana.reg_ids.filtered(lambda number: number.value == "M-2").status = "invalid"
        ana.reg_ids = [(0, 0, {"id_type_id": self.code("MRN").id, "value": "M-3"})]
        run = self.start("2024-06-01")
        self.run_to_end(run)
        self.assertEqual(len(run.line_ids), 3)
        self.assertIn("partly", run.line_ids.mapped("result"))
        alive = ana.reg_ids.filtered(lambda number: number.status != "invalid")
        self.assertEqual(sorted(alive.mapped("value")), ["M-3", "U-1"])

    def test_event_that_breaks_down_is_reported_and_the_others_are_undone(self):
        people = [self.registrant(ids={"UIN": f"U-{i}"}) for i in range(3)]
        deaths = [self.process("death", {"UIN": f"U-{i}"}) for i in range(3)]
        events = type(self.events)
        undo = events._undo_one

        def breaking(event, *args):
            if event == deaths[1]:
                event.person_id.disabled = False
                raise ZeroDivisionError
            return undo(event, *args)

        self.patch(events, "_undo_one", breaking)
        run = self.start("2024-06-01")
        with self.assertLogs("odoo.addons.spp_dci_client_crvs.models.event.event_undo") as logs:
            self.run_to_end(run)
        self.assertEqual(len(logs.output), 1)
        self.assertEqual([bool(p.disabled) for p in people], [False, True, False])
        results = {line.event_id: line.result for line in run.line_ids}
        self.assertEqual(
            results, {deaths[0]: "restored", deaths[1]: "failed", deaths[2]: "restored"}
        )
        self.assertEqual((run.restored_count, run.failed_count), (2, 1))

    def signed_by(self, events, key):
        """Have events come in a message that a key signed."""
        events.sudo().message_id = self.env["spp.dci.crvs.message"].create(
            {
                "sender_id": self.sender.id,
                "message_id": key.fingerprint,
                "digest": key.fingerprint,
                "kind": "notify",
                "outcome": "stored",
                "received_date": "2026-01-01",
                "key_fingerprint": key.fingerprint,
            }
        )

    def keys(self, count=2):
        now = self.env.cr.now()
        parsed = [parse_pem(pem_of(new_key()), f"k{n}") for n in range(count)]
        self.sender.write({"jwks_url": "https://registry.test/jwks.json", "last_key_fetch": now})
        return self.env["spp.dci.crvs.sender.key"].create(
            [self.sender._key_values(key, now) for key in parsed]
        )

    def stolen(self, keys=None, **values):
        scope = {"scope": "keys", "key_ids": [(6, 0, keys.ids)]} if keys else {}
        return (
            self.env["spp.dci.crvs.stolen.key"]
            .with_user(self.manager)
            .create(
                {
                    "sender_id": self.sender.id,
                    "since": "2024-06-01",
                    "reason": "Key stolen",
                    **scope,
                    **values,
                }
            )
        )

    def test_undo_is_refused_while_a_key_counts(self):
        keys = self.keys()
        undo = self.env["spp.dci.crvs.undo"]
        for chosen in (None, keys[0]):
            with self.assertRaisesRegex(UserError, "still counts"):
                undo._start(self.sender, "2024-06-01", "r", chosen)
        keys[0].action_revoke()
        self.assertTrue(undo._start(self.sender, "2024-06-01", "r", keys[0]))
        with self.assertRaises(UserError):
            undo._start(self.sender, "2024-06-01", "r")
        self.sender.active = False
        self.assertTrue(undo._start(self.sender, "2024-06-01", "r"))

    def test_stolen_key_is_revoked_and_only_what_it_signed_is_undone(self):
        people = [self.registrant(ids={"UIN": f"U-{i}"}) for i in range(2)]
        bad, good = self.keys()
        forged, real = (self.process("death", {"UIN": f"U-{i}"}) for i in range(2))
        self.signed_by(forged, bad)
        self.signed_by(real, good)
        wizard = self.stolen(bad)
        self.assertEqual((wizard.event_count, wizard.event_ids), (1, forged))
        self.assertEqual(wizard.summary, "Death: 1")
        run = self.env["spp.dci.crvs.undo"].browse(wizard.action_confirm()["res_id"])
        self.assertEqual((bad.state, good.state), ("revoked", "live"))
        self.assertEqual(bad.revoked_by, self.manager)
        self.assertTrue(self.sender.active)
        self.run_to_end(run)
        self.assertEqual([bool(person.disabled) for person in people], [False, True])
        self.assertEqual(run.line_ids.event_id, forged)

    def test_whole_registry_is_archived_and_what_is_older_stays_held(self):
        self.keys()
        older = self.store(self.vital("death", {"UIN": "nobody"}))
        older.sudo().received_date = "2024-01-01 00:00:00"
        run = self.env["spp.dci.crvs.undo"].browse(self.stolen().action_confirm()["res_id"])
        self.assertFalse(self.sender.active)
        self.run_to_end(run)
        self.assertFalse(run.line_ids)
        self.assertEqual(run.held_count, 1)
        action = run.with_user(self.manager).action_view_held()
        self.assertEqual(self.events.search(action["domain"]), older)

    def test_pressing_twice_starts_one_run(self):
        first, second = (self.stolen().action_confirm() for _n in range(2))
        self.assertEqual(first["res_id"], second["res_id"])

    def test_nothing_is_done_for_half_an_answer(self):
        [key] = self.keys(1)
        for wizard in (self.stolen(reason=" "), self.stolen(scope="keys")):
            with self.assertRaises(UserError):
                wizard.action_confirm()
        self.assertTrue(self.sender.active)
        self.assertEqual(key.state, "live")

    def test_report_is_for_managers(self):
        run = self.start("2024-06-01")
        run.with_user(self.manager).read(["state"])
        with self.assertRaises(AccessError):
            run.with_user(self.officer).read(["state"])


@tagged("post_install", "-at_install")
class TestUndoScheduledAction(CommittedCase):
    def test_run_is_done_by_the_scheduler_and_waits_for_who_is_locked(self):
        with self.transaction() as env:
            for person in range(3):
                self.store(env, "death", person, "2024-05-01")
            env["spp.dci.crvs.event"]._cron_process_backlog()
            run = env["spp.dci.crvs.undo"]._start(
                env["spp.dci.crvs.sender"].browse(self.sender_id), "2020-01-01", "Key stolen"
            )
            cron = env.ref("spp_dci_client_crvs.ir_cron_undo_runs")
            self.assertTrue(env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        with self.transaction() as user:
            user["res.partner"].browse(self.person_ids[0]).lock_for_update()
            with self.transaction() as env:
                cron.with_env(env).method_direct_trigger()
            with self.transaction() as env:
                self.assertEqual(run.with_env(env).state, "running")
                self.assertEqual(run.with_env(env).remaining_count, 1)
        with self.transaction() as env:
            cron.with_env(env).method_direct_trigger()
        with self.transaction() as env:
            self.assertEqual(run.with_env(env).state, "done")
            self.assertEqual(run.with_env(env).restored_count, 3)
            self.assertFalse(any(env["res.partner"].browse(self.person_ids).mapped("disabled")))
            env["mail.activity"].search([("res_model", "=", "spp.dci.crvs.undo")]).unlink()

    def test_trust_has_ended_though_the_start_breaks_down(self):
        with self.transaction(commit=False) as env:
            sender = env["spp.dci.crvs.sender"].browse(self.sender_id)
            runs = env["spp.dci.crvs.undo"]
            with (
                patch.object(type(runs), "_start", side_effect=ZeroDivisionError),
                self.assertRaises(ZeroDivisionError),
            ):
                runs._stop_and_undo(sender, "2020-01-01", "Key stolen")
        with self.transaction() as env:
            self.assertFalse(env["spp.dci.crvs.sender"].browse(self.sender_id).active)
