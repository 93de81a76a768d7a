"""Asking about one registrant from the form: deaths and births, and what stays of the answer."""

import re
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..helpers.events import EventCase
from ..helpers.fake_registry import found, person
from ..helpers.registry import FakeRegistryCase

NUMBER = "847951632"
REGISTRY = "spp_registry.group_registry_viewer"


class PersonCase(FakeRegistryCase, EventCase):
    def setUp(self):
        super().setUp()
        self.env["spp.dci.data.source"].search([]).crvs_is_default = False
        self.source.crvs_is_default = True
        self.ana = self.registrant(
            "Sudarat Phumchai",
            ids={"UIN": NUMBER},
            birthdate="1995-09-21",
            gender_id=self.code("2", "urn:iso:std:iso:5218").id,
        )
        self.officer.group_ids += self.env.ref(REGISTRY)

    def says(self, *records, **members):
        """Let the registry answer every question with the same records."""
        self.answer(lambda request: found(request, *records, **members))

    def open(self, method, partner=None, user=None):
        """Press a button; return the dialog's record as the user has it."""
        user = user or self.officer
        action = getattr((partner or self.ana).with_user(user), method)()
        self.assertEqual(action["target"], "new")
        self.env.invalidate_all()
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])

    def asked(self):
        """Return the identifiers that the registry was asked by."""
        return [
            tuple(item["search_criteria"]["query"][name] for name in ("type", "value"))
            for _path, envelope in self.fake.requests
            for item in envelope["message"]["search_request"]
        ]

    def count_events(self):
        return self.events.search_count([])


@tagged("post_install", "-at_install")
class TestCheckDeath(PersonCase):
    def check(self, partner=None, user=None):
        return self.open("action_crvs_check_death", partner, user)

    def assert_nothing_but_the_check(self, result):
        self.assertEqual(self.ana.crvs_checked_result, result)
        self.assertEqual(self.ana.crvs_checked_by, self.officer)
        self.assertEqual(self.ana.crvs_checked_source_id, self.source)
        self.assertFalse(self.ana.crvs_last_update)
        self.assertFalse(self.ana.disabled)
        self.assertEqual(self.count_events(), self.before)

    def setUp(self):
        super().setUp()
        self.before = self.count_events()

    def test_dead_and_nothing_is_recorded_unless_asked(self):
        self.says(person(NUMBER, death_date="2024-05-01"))
        answer = self.check()
        self.assertEqual((answer.result, answer.data_source_id), ("dead", self.source))
        self.assertIn("May 1, 2024", answer.sentence)
        self.assertIn(NUMBER, answer.asked_by)
        self.assert_nothing_but_the_check("dead")

    def test_dialog_is_named_in_the_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        model = self.env["ir.model"]._get("spp.dci.crvs.death.answer")
        model.with_context(lang="fr_FR").name = "Ce que dit le registre"
        self.says(person(NUMBER))
        ana = self.ana.with_user(self.officer).with_context(lang="fr_FR")
        self.assertEqual(ana.action_crvs_check_death()["name"], "Ce que dit le registre")

    def test_dead_and_recorded(self):
        self.says(person(NUMBER, death_date="2024-05-01"))
        answer = self.check()
        action = answer.action_record()
        self.assertEqual(action["params"]["type"], "success")
        event = answer.event_id
        self.assertIn(event.name, action["params"]["message"])
        self.assertOutcome(event, "applied")
        self.assertEqual((event.source, event.person_id), ("search", self.ana))
        self.assertEqual(event.processed_by, self.officer)
        self.assertEqual(str(self.ana.death_date), "2024-05-01")
        self.assertTrue(self.ana.disabled)
        self.assertTrue(answer.is_recorded)
        with self.subTest("a second click"):
            again = answer.action_record()
            self.assertEqual(again["params"]["message"], action["params"]["message"])
            self.assertEqual(self.count_events(), self.before + 1)
            self.assertFalse(event.duplicate_count)
        with self.subTest("asked again"):
            later = self.check()
            self.assertTrue(later.is_recorded)
            later.action_record()
            self.assertEqual(later.event_id, event)

    def test_more_deaths_than_the_limit_wait_for_a_manager(self):
        self.source.crvs_sender_id = self.sender
        self.source.answer_verification = "ignore"
        self.sender.max_deaths_per_hour = 0
        self.says(person(NUMBER, death_date="2024-05-01"))
        answer = self.check()
        action = answer.action_record()
        self.assertEqual(answer.event_id.outcome, "held")
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("CRVS manager", action["params"]["message"])
        self.assertFalse(self.ana.disabled)

    def test_what_was_undone_waits_for_a_manager(self):
        self.says(person(NUMBER, death_date="2024-05-01"))
        first = self.check()
        first.action_record()
        action = first.sudo().event_id.with_user(self.manager).action_reverse()
        wizard = self.env["spp.dci.crvs.event.reverse"].with_user(self.manager)
        wizard.with_context(**action["context"]).create({"reason": "Lives"}).action_confirm()
        self.assertFalse(self.ana.disabled)
        second = self.check()
        second.action_record()
        self.assertEqual(second.event_id.outcome, "held")
        self.assertFalse(self.ana.disabled)

    def test_alive(self):
        self.says(person(NUMBER))
        answer = self.check()
        self.assertEqual(answer.result, "not_dead")
        with self.assertRaisesRegex(UserError, "no death"):
            answer.action_record()
        self.assert_nothing_but_the_check("not_dead")

    def test_unknown(self):
        self.says()
        answer = self.check()
        self.assertEqual(answer.result, "unknown")
        self.assertIn("knows no such person", answer.sentence)
        self.assert_nothing_but_the_check("unknown")

    def test_registry_that_is_down(self):
        self.answer((503, {}))
        answer = self.check()
        self.assertEqual(answer.result, "failed")
        self.assertIn("not known whether this person lives", answer.sentence)
        self.assertIn("busy or out of order", answer.sentence)
        with self.assertRaises(UserError):
            answer.action_record()
        self.assert_nothing_but_the_check("failed")

    def test_record_of_somebody_else(self):
        self.says(person(NUMBER, birth_date="1940-01-05", death_date="2024-05-01"))
        answer = self.check()
        self.assertEqual(answer.result, "failed")
        self.assertIn("another decade", answer.sentence)
        with self.assertRaises(UserError):
            answer.action_record()
        self.assert_nothing_but_the_check("failed")

    def test_every_identifier_is_asked_by(self):
        self.ana.reg_ids = [
            Command.create({"id_type_id": self.code(code).id, "value": value, "status": status})
            for code, value, status in (
                ("BRN", "B-1", "valid"),
                ("MRN", "M-1", "valid"),
                ("DRN", "D-1", "invalid"),
            )
        ]

        def answer(request):
            (item,) = request["message"]["search_request"]
            query = item["search_criteria"]["query"]
            if query["value"] != "B-1":
                return found(request)
            return found(request, person("B-1", "BRN", death_date="2024-05-01"))

        self.answer(answer)
        dialog = self.check()
        self.assertEqual(dialog.result, "dead")
        self.assertEqual(self.asked(), [("UIN", NUMBER), ("BRN", "B-1")])
        self.assertIn("B-1", dialog.asked_by)

    def test_who_may_not_see_numbers_is_shown_the_type(self):
        self.says(person(NUMBER))
        self.officer.group_ids -= self.env.ref(REGISTRY)
        answer = self.check()
        self.assertEqual(answer.result, "not_dead")
        self.assertNotIn(NUMBER, str(answer.read()))

    def test_what_would_become_an_event_is_nobodys_to_write_or_read(self):
        self.says(person(NUMBER, death_date="2024-05-01"))
        answer = self.check()
        for user in (self.officer, self.manager):
            with self.subTest(user.login), self.assertRaises(AccessError):
                answer.with_user(user).read(["record"])
            with self.subTest(user.login), self.assertRaises(AccessError):
                answer.with_user(user).write({"result": "dead"})
        with self.assertRaises(AccessError):
            answer.with_user(self.manager).action_record()

    def test_no_usable_identifier(self):
        for values in ({"status": "invalid"}, {"status": False, "value": "0000"}):
            self.ana.reg_ids.write(values)
            with self.subTest(values), self.assertRaisesRegex(UserError, "no valid ID"):
                self.check()
        self.assertFalse(self.fake.requests)
        self.assertFalse(self.ana.crvs_checked_result)

    def test_no_registry_is_guessed(self):
        self.source.write({"crvs_is_default": False, "code": "other_one"})
        with self.assertRaisesRegex(UserError, "Asked by Default"):
            self.check()
        self.env["spp.dci.data.source"].search([]).active = False
        with self.assertRaisesRegex(UserError, "No civil registry is set up"):
            self.check()

    def test_only_individuals(self):
        with self.assertRaisesRegex(UserError, "Only individuals"):
            self.check(self.registrant("Household", is_group=True))

    def test_whom_one_may_not_see_one_may_not_ask_about(self):
        rule = self.env["ir.rule"].create(
            {
                "name": "not Ana",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {self.ana.id})]",
            }
        )
        with self.assertRaises(AccessError):
            self.check()
        rule.unlink()

    def test_buttons_and_ribbon_on_the_form(self):
        view = self.env.ref("spp_registry.view_individuals_form")
        clerk = new_test_user(self.env, "ribbon_clerk", "base.group_user")
        self.ana.death_date = "2024-05-01"
        for user, sees in ((self.officer, True), (self.viewer, False), (clerk, False)):
            arch = self.ana.with_user(user).get_view(view.id, "form")["arch"]
            with self.subTest(user.login):
                self.assertEqual("action_crvs_check_death" in arch, sees)
                self.assertEqual('name="death_date"' in arch, sees)
                form = Form(self.ana.with_user(user), view)
                self.assertEqual(form.crvs_shows_deceased, sees)


@tagged("post_install", "-at_install")
class TestLastCheck(PersonCase):
    def test_line_on_the_registrant(self):
        self.assertFalse(self.ana.with_user(self.viewer).crvs_checked_text, "never asked")
        self.says(person(NUMBER))
        self.open("action_crvs_check_death")
        text = self.ana.with_user(self.viewer).crvs_checked_text
        self.assertRegex(
            text,
            "^Last checked .+ at Test Registry by "
            rf"{re.escape(self.officer.name)}: no death registered$",
        )
        self.assertNotIn(NUMBER, text)
        self.says(person(NUMBER, death_date="2024-05-01"))
        self.open("action_crvs_check_death")
        self.assertEqual(self.ana.crvs_checked_result, "dead")
        self.assertEqual(len(self.ana.crvs_last_check_ids), 1)

    def test_who_reads_and_that_nobody_writes(self):
        self.says(person(NUMBER))
        self.open("action_crvs_check_death")
        fields = ["crvs_checked_date", "crvs_checked_source_id", "crvs_checked_by"]
        fields += ["crvs_checked_result", "crvs_checked_text"]
        (row,) = self.ana.with_user(self.viewer).read(fields)
        self.assertEqual(row["crvs_checked_result"], "not_dead")
        partners = self.env["res.partner"].with_user(self.viewer)
        self.assertIn(self.ana, partners.search([("crvs_checked_result", "=", "not_dead")]))
        clerk = new_test_user(self.env, "check_clerk", "base.group_user,base.group_partner_manager")
        for name in fields:
            with self.subTest(name), self.assertRaises(AccessError):
                self.ana.with_user(clerk).read([name])
        for user in (clerk, self.manager):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.ana.with_user(user).write({"crvs_checked_result": "dead"})

    def test_bulk_check_notes_whom_it_asked_about_in_one_statement(self):
        others = self.env["res.partner"].union(
            *(self.registrant(f"P {n}", ids={"UIN": f"9{n}"}) for n in range(5))
        )
        others |= self.registrant("Without a number")
        self.says()
        last = self.env["spp.dci.crvs.last.check"]
        statements = []
        execute = type(self.env.cr).execute

        def noting(cursor, query, *args, **kwargs):
            if "spp_dci_crvs_last_check" in str(getattr(query, "code", query)):
                statements.append(query)
            return execute(cursor, query, *args, **kwargs)

        check = self.env["spp.dci.crvs.check"]._start(
            self.source, (self.ana | others).ids, "report", "All"
        )
        results = check._ask(check.line_ids)
        with patch.object(type(self.env.cr), "execute", noting):
            check._note(results)
        self.assertEqual(len(statements), 1)
        noted = last.search([("partner_id", "in", (self.ana | others).ids)])
        self.assertEqual(noted.partner_id, self.ana | others[:-1])
        self.assertEqual(set(noted.mapped("result")), {"unknown"})
        self.assertEqual(noted.user_id, check.user_id)
        self.assertFalse(any((self.ana | others).mapped("crvs_last_update")))

    def test_it_goes_with_the_registrant_and_is_not_copied(self):
        self.says(person(NUMBER))
        self.open("action_crvs_check_death")
        twin = self.ana.copy({"reg_ids": False})
        self.assertFalse(twin.crvs_checked_result)
        last = self.ana.crvs_last_check_ids
        self.ana.unlink()
        self.assertFalse(last.exists())


@tagged("post_install", "-at_install")
class TestVerifyBirth(PersonCase):
    def setUp(self):
        super().setUp()
        self.ana.reg_ids = [
            Command.create({"id_type_id": self.code("birth_certificate").id, "value": "B-1"})
        ]
        self.certificate = self.ana.reg_ids.filtered(lambda number: number.value == "B-1")

    def verify(self, user=None):
        return self.open("action_crvs_verify_birth", user=user)

    def test_agrees_and_is_noted_when_asked(self):
        self.says(person("B-1", "BRN", mother={"name": {"given_name": "Malee"}}))
        answer = self.verify()
        self.assertEqual((answer.result, self.asked()), ("agrees", [("BRN", "B-1")]))
        self.assertFalse(self.certificate.verification_date)
        self.assertNotIn("table-warning", answer.comparison)
        answer.action_mark_verified()
        number = self.certificate
        self.assertTrue(number.is_verified)
        self.assertEqual(
            (number.verification_method, number.verification_source), ("dci_api", "Test Registry")
        )
        self.assertNotIn("B-1", number.verification_response)
        note = self.ana.message_ids[0]
        self.assertIn("verified", note.body)
        self.assertEqual(note.author_id, self.officer.partner_id)
        with self.subTest("a second click"):
            answer.action_mark_verified()
            self.assertEqual(self.ana.message_ids[0], note)
        other = self.ana.reg_ids - number
        self.assertFalse(other.verification_date)

    def test_the_number_that_led_to_the_record_is_the_one_verified(self):
        def answer(request):
            (item,) = request["message"]["search_request"]
            query = item["search_criteria"]["query"]
            return found(request, *[person(NUMBER)] * (query["value"] == NUMBER))

        self.answer(answer)
        dialog = self.verify()
        self.assertEqual(self.asked(), [("BRN", "B-1"), ("UIN", NUMBER)])
        dialog.action_mark_verified()
        self.assertFalse(self.certificate.verification_date)
        self.assertEqual(self.ana.reg_ids.filtered("verification_date").mapped("value"), [NUMBER])

    def test_differences_are_marked_and_nothing_can_be_noted(self):
        cases = {
            "other decade": ({"birth_date": "1940-01-05"}, "differs"),
            "other sex": ({"sex": "male"}, "differs"),
            "other names": ({"name": {"given_name": "John", "surname": "Doe"}}, "differs"),
            "not certain": ({"birth_date": "1996-09-21"}, "unclear"),
        }
        for name, (members, result) in cases.items():
            self.says(person("B-1", "BRN", **members))
            with self.subTest(name):
                answer = self.verify()
                self.assertEqual(answer.result, result)
                self.assertIn("table-warning", answer.comparison)
                with self.assertRaisesRegex(UserError, "does not agree"):
                    answer.action_mark_verified()
                self.assertFalse(self.certificate.verification_date)

    def test_registry_without_the_birth(self):
        self.says()
        answer = self.verify()
        self.assertEqual((answer.result, len(self.asked())), ("unknown", 2))
        self.assertFalse(answer.comparison)
        with self.assertRaises(UserError):
            answer.action_mark_verified()

    def test_registry_that_is_down(self):
        self.answer((503, {}))
        answer = self.verify()
        self.assertEqual((answer.result, len(self.asked())), ("failed", 1))
        self.assertIn("busy or out of order", answer.sentence)

    def test_answer_that_does_not_tell(self):
        self.says(person("X", "BRN"))
        answer = self.verify()
        self.assertEqual(answer.result, "failed")
        self.assertIn("do not bear this identifier", answer.sentence)

    def test_number_that_was_changed_since(self):
        self.says(person("B-1", "BRN"))
        answer = self.verify()
        self.certificate.value = "B-2"
        with self.assertRaisesRegex(UserError, "changed since"):
            answer.action_mark_verified()
        self.assertFalse(self.certificate.verification_date)

    def test_no_identifier(self):
        self.ana.reg_ids.unlink()
        with self.assertRaisesRegex(UserError, "no valid ID"):
            self.verify()

    def test_numbers_stay_hidden_from_who_may_not_see_them(self):
        self.says(person("B-1", "BRN"))
        self.officer.group_ids -= self.env.ref(REGISTRY)
        answer = self.verify()
        self.assertNotIn("B-1", str(answer.read()))
        with self.assertRaises(AccessError):
            answer.read(["number_id"])
