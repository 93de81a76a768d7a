"""What goes wrong in the field, in answers to questions: through ``CRVSService`` over HTTP."""

from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs.const import ID_TYPE_NAMESPACE

from ...models.asking.check_run import _Run
from ..helpers.fake_registry import found, person
from ..helpers.registry import FakeRegistryCase

UIN = "847951632"
DEAD = {"death_date": "2024-12-01"}


@tagged("post_install", "-at_install")
class TestAnswers(FakeRegistryCase):
    def registrant(self, **values):
        code = self.env["spp.vocabulary.code"].get_code(ID_TYPE_NAMESPACE, "UIN")
        return self.env["res.partner"].create(
            {
                "name": "Ana",
                "is_registrant": True,
                "reg_ids": [(0, 0, {"id_type_id": code.id, "value": UIN})],
                **values,
            }
        )

    def check(self, *records, **members):
        self.answer(lambda request: found(request, *records, **members))
        return self.service().check_death("UIN", UIN)

    def assertDoesNotTell(self, sentence, *records, **members):
        """Neither True, nor False, nor None: a sentence, in every way of asking."""
        with self.assertRaisesRegex(UserError, sentence):
            self.check(*records, **members)
        with self.assertRaisesRegex(UserError, sentence):
            self.service().death_details("UIN", UIN)
        result = self.service().check_deaths([("UIN", UIN)])[0]
        self.assertEqual(result.status, "failed")
        self.assertRegex(result.reason, sentence)

    # === RULE 7, WHERE THE REGISTRANT IS KNOWN === #

    def test_rule_7_the_registrants_birth_date_counts(self):
        self.registrant(birthdate=date(2013, 4, 4))
        self.assertDoesNotTell("another person", person(birth_date="1931-01-20", **DEAD))
        with self.assertRaisesRegex(UserError, "another person"):
            self.service().verify_birth("UIN", UIN)
        self.assertIs(self.check(person(birth_date="2013-04-04", **DEAD)), True)
        self.assertIs(self.check(person(birth_date="", **DEAD)), True)

    def test_rule_7_in_a_bulk_check(self):
        child = self.registrant(birthdate=date(2013, 4, 4))
        self.answer(lambda request: found(request, person(birth_date="1931-01-20", **DEAD)))
        check = self.env["spp.dci.crvs.check"]._start(self.source, child.ids, "events", "chosen")
        run = _Run()
        while check._process_batch(run):
            pass
        self.assertEqual(check.line_ids.result, "failed")
        self.assertIn("another person", check.line_ids.reason)
        self.assertFalse(child.disabled or check.line_ids.event_id)

    def test_rule_8_a_death_before_the_registrants_birth(self):
        self.registrant(birthdate=date(1995, 9, 21))
        self.assertDoesNotTell("another person", person(birth_date="", death_date="1990-01-01"))

    # === RULES 12 TO 18 === #

    def test_rule_15_what_is_a_sign_of_death(self):
        drn = {"identifier_type": "DRN", "identifier_value": "D-1"}
        own = person()["identifier"]
        for sign in (
            DEAD,
            {"deceased": True},
            {"is_deceased": "true", "death_date": "2024"},
            {"identifier": [*own, drn]},
            {"@type": "x:DeathRecord"},
        ):
            with self.subTest(sign):
                self.assertIs(self.check(person(**sign)), True)
        self.assertIs(
            self.check(person(), data={"reg_type": "death", "reg_records": [person()]}), True
        )

    def test_rule_15_what_is_no_sign(self):
        soon = str(date.today() + timedelta(days=30))
        for written in ("9999-12-31", "0000-00-00", "1970-01-01", "unknown", "2024", soon):
            with self.subTest(written):
                self.assertDoesNotTell("no date|lives", person(death_date=written))
        self.assertDoesNotTell("no date|lives", person(death_date="1990-01-01"))
        self.assertIs(self.check(person()), False)
        self.assertIs(self.check(), False)

    def test_rule_15_dead_on_an_unknown_day(self):
        self.answer(lambda request: found(request, person(deceased=True, death_date="2024")))
        result = self.service().check_deaths([("UIN", UIN)])[0]
        self.assertEqual((result.status, result.death_date), ("dead", None))

    def test_rule_16_a_stillbirth_is_nobodys_death(self):
        for record in (
            person(type="fetal_death", **DEAD),
            person(**{"@type": "x:StillBirth"}, **DEAD),
        ):
            self.assertIs(self.check(record), False)
        data = {"reg_type": "x:FoetalDeath", "reg_records": [person(**DEAD)]}
        self.assertIs(self.check(data=data), False)

    def test_rule_17_answers_about_another_number(self):
        self.assertDoesNotTell("do not bear", person("111", **DEAD))
        self.assertDoesNotTell("do not bear", person("111"))
        self.assertDoesNotTell("written differently", person(f"00{UIN}", **DEAD))
        with self.assertRaisesRegex(UserError, "written differently"):
            self.service().verify_birth("UIN", UIN)

    def test_rule_17_several_persons(self):
        twins = [person(birth_date=day, **DEAD) for day in ("1950-01-01", "1990-01-01")]
        self.assertDoesNotTell("different persons", *twins)

    def test_rule_17_a_number_of_the_mother_too(self):
        mother = {"relations": [{"@type": "x:Mother", "identifier": person()["identifier"]}]}
        self.assertDoesNotTell("relative", person(**DEAD, **mother))

    def test_rule_18_a_birth_with_a_partial_date(self):
        self.answer(lambda request: found(request, person(birth_date="1995")))
        birth = self.service().verify_birth("UIN", UIN)
        self.assertIsNone(birth["birth_date"])
        self.assertEqual(birth["birth_date_text"], "1995")

    def test_rule_19_a_withdrawn_record(self):
        self.assertDoesNotTell("withdrawn", person(status="cancelled", **DEAD))

    def test_rule_11_we_ask_by_the_registrys_name(self):
        self.answer(lambda request: found(request, person(id_type="NID", **DEAD)))
        self.assertIs(self.service().check_death("national_id", UIN), True)
        query = self.fake.last["message"]["search_request"][0]["search_criteria"]["query"]
        self.assertEqual(query["type"], "UIN")
