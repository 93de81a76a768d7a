"""How long personal data is kept, table by table, and what stays for the audit."""

from datetime import timedelta

from odoo import fields
from odoo.tests import Form, tagged

from ... import const
from ...models.registry import res_config_settings
from ..helpers.events import EventCase


def days_ago(days):
    return fields.Datetime.now() - timedelta(days=days)


@tagged("post_install", "-at_install")
class TestRetention(EventCase):
    def set_days(self, parameter, days):
        self.env["ir.config_parameter"].set_param(parameter, days)

    def test_original_data_of_processed_events(self):
        self.registrant(ids={"UIN": "U-1"})
        old = self.process("death", {"UIN": "U-1", "DRN": "D-0"})
        waiting = self.process("death", {"UIN": "U-2"})
        fresh = self.process("death", {"UIN": "U-1", "DRN": "D-1"})
        old.processed_date = days_ago(731)
        fresh.processed_date = days_ago(729)
        self.set_days(const.PARAM_EVENT_RETENTION_D, 0)
        self.events._gc_event_data()
        self.assertTrue(old.raw_data, "0 keeps it for ever")
        self.env["ir.config_parameter"].search(
            [("key", "=", const.PARAM_EVENT_RETENTION_D)]
        ).unlink()
        self.events._gc_event_data()
        self.assertFalse(old.raw_data)
        self.assertTrue(old.changes and old.identifier_value and old.person_id)
        self.assertTrue(fresh.raw_data and waiting.raw_data)

    def test_persons_who_are_not_registered_here(self):
        almost = self.registrant(ids={"UIN": "7700-1234"})
        death = self.vital("death", {"UIN": "77001234"}, name={"given_name": "Planted"})
        old = self.store(death)
        fresh = self.store(self.vital("death", {"UIN": "nobody-2"}))
        for event in old | fresh:
            event.process_event()
        self.env.invalidate_all()
        self.assertError(old, "no_match")
        self.assertEqual(old.candidate_ids.person_id, almost)
        old.received_date, fresh.received_date = days_ago(181), days_ago(179)
        self.events._gc_unmatched()
        self.assertOutcome(old, "no_effect")
        self.assertError(fresh, "no_match")
        self.assertFalse(old.identifier_value or old.raw_data or old.event_date)
        self.assertFalse(old.candidate_ids or old.next_attempt)
        self.env.flush_all()
        for table in ("spp_dci_crvs_event", "spp_dci_crvs_event_wait", "spp_dci_crvs_candidate"):
            key = "id" if table == "spp_dci_crvs_event" else "event_id"
            self.env.cr.execute(
                f"SELECT string_agg(t::text, '') FROM {table} t WHERE {key} = %s", [old.id]
            )
            self.assertNotIn("77001234", self.env.cr.fetchone()[0] or "")
        with self.subTest("what an officer has to decide stays"):
            for _twin in range(2):
                self.registrant(ids={"passport": "P-1"})
            unclear = self.process("death", {"PASSPORT": "P-1"})
            self.assertError(unclear, "ambiguous")
            unclear.received_date = days_ago(181)
            self.events._gc_unmatched()
            self.assertError(unclear, "ambiguous")
            self.assertTrue(unclear.raw_data)
            unclear.received_date = days_ago(731)
            self.events._gc_event_data()
            self.assertFalse(unclear.raw_data)
        with self.subTest("what is reported again is news"):
            again = self.store(death)
            self.assertEqual(again.state, "received")

    def test_messages(self):
        def message(number, days):
            return self.env["spp.dci.crvs.message"].create(
                {
                    "sender_id": self.sender.id,
                    "message_id": f"m-{number}",
                    "digest": "d",
                    "kind": "notify",
                    "outcome": "stored",
                    "received_date": days_ago(days),
                    "body": b"eJwDAAAAAAE=",
                    "key_fingerprint": "print",
                    "signature": "s",
                }
            )

        old, fresh = message(1, 366), message(2, 364)
        self.env["spp.dci.crvs.message"]._gc_bodies()
        self.assertFalse(old.body or old.body_text)
        self.assertTrue(fresh.body)
        self.assertEqual((old.digest, old.key_fingerprint, old.signature), ("d", "print", "s"))

    def test_requests(self):
        def request(state, days):
            return self.env["spp.dci.crvs.request"].create(
                {
                    "transaction_id": self.env["spp.dci.crvs.request"]._new_id(),
                    "references": {"r": {"type": "UIN", "value": "4711"}},
                    "data_source_id": self.source.id,
                    "purpose": "death",
                    "state": state,
                    "answered_date": days_ago(days),
                    "expires_date": days_ago(-1),
                }
            )

        gone = request("done", 31) | request("expired", 31) | request("failed", 31)
        kept = request("done", 29) | request("pending", 31)
        self.env["spp.dci.crvs.request"]._gc_ended()
        self.assertFalse(gone.exists())
        self.assertEqual(kept.exists(), kept)

    def test_death_checks(self):
        def check(days):
            return self.env["spp.dci.crvs.check"].create(
                {
                    "name": "Check",
                    "data_source_id": self.source.id,
                    "user_id": self.env.uid,
                    "effect": "report",
                    "state": "done",
                    "start_date": days_ago(days),
                    "end_date": days_ago(days),
                    "line_ids": [
                        (0, 0, {"partner_id": self.registrant().id, "result": result})
                        for result in ("dead", "not_dead", "not_dead")
                    ],
                }
            )

        old, fresh, empty = check(366), check(364), check(366)
        empty.line_ids.unlink()
        for done in (2, 0):
            self.assertEqual(self.env["spp.dci.crvs.check"]._gc_lines(), (done, False))
        self.assertFalse(old.line_ids)
        self.assertEqual(len(fresh.line_ids), 3)
        for one in old | fresh:
            one.invalidate_recordset()
            self.assertEqual((one.total_count, one.dead_count, one.not_dead_count), (3, 1, 2))
            self.assertEqual(one.progress, 100)


@tagged("post_install", "-at_install")
class TestSettings(EventCase):
    """The settings page shows every parameter, and what is in force."""

    def test_every_parameter_is_there(self):
        names = set(res_config_settings._NUMBERS)
        self.assertEqual(set(res_config_settings._NUMBERS.values()), set(const.NUMBER_DEFAULTS))
        names |= {"crvs_placeholder_numbers", "crvs_receiver_ids"}
        names |= {"crvs_allow_unsigned", "crvs_allow_insecure_jwks"}
        values = self.env["res.config.settings"].default_get(list(names))
        self.assertLessEqual(names, set(values))
        self.assertEqual(values["crvs_event_data_retention_d"], 730)
        self.assertEqual(values["crvs_max_body_mb"], 5)
        view = self.env.ref("spp_dci_client_crvs.view_spp_dci_crvs_settings_form")
        for name in names:
            self.assertIn(f'name="{name}"', view.arch)

    def test_what_is_saved_is_in_force(self):
        with Form(self.env["res.config.settings"]) as form:
            form.crvs_event_data_retention_d = 0
            form.crvs_key_grace_h = 1.5
            form.crvs_placeholder_numbers = "OHNE"
        form.record.execute()
        parameters = self.env["ir.config_parameter"]
        self.assertEqual(parameters.get_param(const.PARAM_EVENT_RETENTION_D), "0")
        self.assertEqual(parameters.get_param(const.PARAM_KEY_GRACE_H), "1.5")
        self.assertEqual(parameters.get_param(const.PARAM_PLACEHOLDERS), "OHNE")
        self.assertFalse(
            parameters.get_param(const.PARAM_CHECK_RETENTION_D), "the default stays one"
        )
        values = self.env["res.config.settings"].default_get(["crvs_event_data_retention_d"])
        self.assertEqual(values["crvs_event_data_retention_d"], 0)

    def test_saving_something_else_switches_nothing_on(self):
        parameters = self.env["ir.config_parameter"]
        switches = {
            "crvs_allow_unsigned": const.PARAM_ALLOW_UNSIGNED,
            "crvs_allow_insecure_jwks": const.PARAM_ALLOW_INSECURE_JWKS,
        }
        for stored in ("False", "0", "no", ""):
            for name, parameter in switches.items():
                with self.subTest(stored=stored, name=name):
                    parameters.set_param(parameter, stored)
                    with Form(self.env["res.config.settings"]) as form:
                        self.assertFalse(form[name])
                    form.record.execute()
                    self.assertIn(parameters.get_param(parameter), (stored, False))
        for name, parameter in switches.items():
            with self.subTest(name):
                for is_on in (True, False):
                    with Form(self.env["res.config.settings"]) as form:
                        form[name] = is_on
                    form.record.execute()
                    self.assertEqual(parameters.get_param(parameter), str(is_on))
