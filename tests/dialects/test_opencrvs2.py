"""OpenCRVS 2: against a registry that forgives nothing, and against the sandbox."""

from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ...services.crvs_service import CRVSService
from ..helpers.callback import CallbackCase
from ..helpers.registry import RegistryCase, SandboxCase
from ..helpers.strict_opencrvs2 import SENDER, StrictOpenCRVS2

PULLS = "spp_dci_client_crvs.ir_cron_pulls"


class StrictCase(RegistryCase):
    def setUp(self):
        super().setUp()
        self.registry_server = StrictOpenCRVS2()
        self.addCleanup(self.registry_server.stop)
        self.sender_of_registry = self.make_sender(SENDER, self.registry_server.public_key)
        self.source = self.make_source(
            self.registry_server.url,
            dialect="opencrvs2",
            crvs_sender_id=self.sender_of_registry.id,
        )
        enter = self.registry_server.register
        enter(
            "birth", "B-1", "11", "2026-11-01T10:00:00.000Z", "1990-02-03", birth_date="1990-02-03"
        )
        enter(
            "death",
            "D-2",
            "12",
            "2026-11-02T10:00:00.000Z",
            "2025-10-03",
            birth_date="1961-01-02",
            death_date="2025-10-03",
        )
        enter(
            "birth", "B-2", "12", "1961-02-01T10:00:00.000Z", "1961-01-02", birth_date="1961-01-02"
        )

    def service(self):
        return CRVSService(self.env, self.source.code)

    def assert_nothing_refused(self):
        self.assertEqual(self.registry_server.refused, [])


@tagged("post_install", "-at_install")
class TestStrict(StrictCase):
    def ask_everything(self):
        service = self.service()
        self.assertIs(service.check_death("UIN", "12"), True)
        self.assertIs(service.check_death("national_id", "12"), True)
        self.assertIs(service.check_death("DRN", "D-2"), True)
        self.assertIs(service.check_death("UIN", "11"), False)
        birth = service.verify_birth("UIN", "11")
        self.assertEqual(
            (birth["birth_date"], birth["person_name"]), ("1990-02-03", "Amina Diallo")
        )
        self.assertEqual(service.verify_birth("BRN", "B-2")["birth_date"], "1961-01-02")
        self.assertIsNone(service.verify_birth("BRN", "D-2"))
        self.assertIsNone(service.verify_birth("UIN", "99"))
        results = service.check_deaths([("UIN", "11"), ("UIN", "12"), ("DRN", "D-9")])
        self.assertEqual([one.status for one in results], ["not_dead", "dead", "not_dead"])
        self.assertEqual(results[1].death_date, date(2025, 10, 3))

    def test_plain_questions(self):
        self.ask_everything()
        self.assert_nothing_refused()
        self.assertFalse(self.source.crvs_by_expression)

    def test_many_questions_travel_in_one_message(self):
        list(self.service().check_deaths([("UIN", str(number)) for number in range(50)]))
        (search,) = self.registry_server.searches
        self.assertEqual(len(search["message"]["search_request"]), 50)

    def test_expressions_are_learnt_once(self):
        self.registry_server.only_expressions = True
        self.assertIs(self.service().check_death("UIN", "12"), True)
        self.assertEqual(self.registry_server.refused, ["Expected expression"])
        self.assertTrue(self.source.crvs_by_expression)
        self.ask_everything()
        self.assertEqual(len(self.registry_server.refused), 1, "remembered")

    def test_another_refusal_teaches_nothing(self):
        self.registry_server._http.answer = lambda envelope: (400, {"errors": [{"code": "x"}]})
        with self.assertRaises(UserError):
            self.service().check_death("UIN", "12")
        self.assertFalse(self.source.crvs_by_expression)

    def test_consent(self):
        self.registry_server.wants_consent = True
        self.ask_everything()
        self.assert_nothing_refused()

    def test_what_cannot_be_asked_is_said_before(self):
        service = self.service()
        for ask, id_type in (
            (service.check_death, "BRN"),
            (service.verify_birth, "DRN"),
            (service.check_death, "passport"),
        ):
            with self.subTest(ask=ask.__name__, id_type=id_type), self.assertRaises(UserError):
                ask(id_type, "1")
        (result,) = service.check_deaths([("BRN", "B-1")])
        self.assertEqual(result.status, "failed")
        self.assertEqual(self.registry_server.searches, [])

    def test_quota(self):
        self.registry_server.quota = 1
        self.assertIs(self.service().check_death("UIN", "12"), True)
        with self.assertRaisesRegex(UserError, "used up"):
            self.service().check_death("UIN", "12")
        (result,) = self.service().check_deaths([("UIN", "12")])
        self.assertEqual(result.status, "failed")
        self.assertIn("used up", result.reason)

    def test_searches_of_a_day_are_counted(self):
        self.assertEqual(self.source.crvs_daily_searches, 2000)
        self.source.crvs_daily_searches = 3
        service = self.service()
        for _time in range(3):
            service.check_death("UIN", "12")
        self.env.invalidate_all()
        self.assertEqual(self.source.crvs_searches_today, 3)
        with self.assertRaisesRegex(UserError, "used up"):
            service.check_death("UIN", "12")
        self.assertEqual(len(self.registry_server.searches), 3, "not even asked")
        self.source.crvs_search_date -= timedelta(days=1)
        self.env.invalidate_all()
        self.assertEqual(self.source.crvs_searches_today, 0)
        self.assertIs(service.check_death("UIN", "12"), True)

    def test_clocks_that_differ(self):
        for clock, sentence in (
            (600, r"\d{3} seconds ahead"),
            (-3600, r"expired \d{4} seconds ago"),
        ):
            self.registry_server.clock = clock
            with self.subTest(clock), self.assertRaisesRegex(UserError, sentence):
                self.service().check_death("UIN", "12")

    def test_a_signature_that_is_not_accepted(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://spp.example.org")
        self.registry_server._http.answer = lambda envelope: (401, {"errors": [{"code": "x"}]})
        with self.assertRaisesRegex(UserError, "credentials"):
            self.service().check_death("UIN", "12")
        self.source.signing_key_id = self.make_signing_key("ed25519")
        address = "https://spp.example.org/.well-known/jwks.json"
        with self.assertRaisesRegex(UserError, address):
            self.service().check_death("UIN", "12")

    def test_a_check_of_registrants_asks_by_what_it_can(self):
        number = self.env["spp.vocabulary.code"].search([("code", "in", ("UIN", "BRN"))])
        partner = self.env["res.partner"].create(
            {
                "name": "Registrant",
                "is_registrant": True,
                "reg_ids": [
                    (
                        0,
                        0,
                        {"id_type_id": code.id, "value": {"UIN": "3141", "BRN": "B-1"}[code.code]},
                    )
                    for code in number
                ],
            }
        )
        check = self.env["spp.dci.crvs.check"]._start(self.source, partner.ids, "report", "chosen")
        with self.enter_registry_test_mode():
            self.env.ref("spp_dci_client_crvs.ir_cron_checks").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((check.line_ids.result, check.line_ids.reason), ("not_dead", False))
        self.assert_nothing_refused()


@tagged("post_install", "-at_install")
class TestStrictLater(CallbackCase, StrictCase):
    def ask_later(self):
        service = self.service()
        deaths = service.request_deaths([("UIN", "11"), ("UIN", "12")])
        birth = service.request_birth("BRN", "B-1")
        for body in self.registry_server.answers():
            self.assertAccepted(self.post(body))
        self.env.invalidate_all()
        self.assertEqual([one.status for one in service.read_deaths(deaths)], ["not_dead", "dead"])
        self.assertEqual(service.read_birth(birth)["birth_date"], "1990-02-03")

    def test_answers_that_come_later(self):
        self.ask_later()
        self.assert_nothing_refused()

    def test_expressions(self):
        self.registry_server.only_expressions = True
        self.ask_later()
        self.assertEqual(len(self.registry_server.refused), 1)


@tagged("post_install", "-at_install")
class TestStrictPull(StrictCase):
    def setUp(self):
        super().setUp()
        self.env["spp.dci.crvs.pull"].search([]).active = False

    def pull(self, event_type, **values):
        pull = self.env["spp.dci.crvs.pull"].create(
            {"data_source_id": self.source.id, "event_type": event_type, **values}
        )
        self.work()
        self.assertFalse(pull.last_error)
        return pull

    def work(self):
        for _run in range(5):
            with self.enter_registry_test_mode():
                self.env.ref(PULLS).method_direct_trigger()
            self.env.invalidate_all()

    def events(self, event_type):
        return self.env["spp.dci.crvs.event"].search(
            [("data_source_id", "=", self.source.id), ("event_type", "=", event_type)], order="id"
        )

    def test_news_of_long_ago(self):
        """Registered late, without a date of birth, without a date of death: all are found."""
        today = fields.Date.today()
        now = f"{today}T01:00:00.000Z"
        enter = self.registry_server.register
        enter("death", "D-10", "21", now, "1975-05-05", death_date="1975-05-05")
        enter("death", "D-11", "22", now, "", birth_date="")
        enter("marriage", "M-1", "23", now, str(today), marriage_date=str(today))
        enter("birth", "B-10", "24", now, "1999-01-01", birth_date="1999-01-01")
        yesterday = today - timedelta(days=1)
        pull = self.pull("death", watermark=yesterday, overlap_days=1)
        self.assertEqual(self.events("death").mapped("identifier_value"), ["21", "22"])
        self.pull("marriage", watermark=yesterday, overlap_days=1)
        self.assertEqual(len(self.events("marriage")), 1)
        self.pull("birth", watermark=yesterday, overlap_days=1)
        self.assertEqual(self.events("birth").mapped("identifier_value"), ["24"])
        self.assert_nothing_refused()
        with self.subTest("what changes is pulled again, what does not is no news"):
            enter("death", "D-12", "25", f"{today}T02:00:00.000Z", "", death_date="2026-01-01")
            self.registry_server.entries[3]["record"]["death_date"] = "1975-05-06"
            pull.next_date = fields.Datetime.now()
            self.work()
            values = self.events("death").mapped("identifier_value")
            self.assertEqual(sorted(values), ["21", "21", "22", "25"])

    def test_pulls_leave_searches_to_checks(self):
        self.source.crvs_daily_searches = 10
        self.source.write(
            {"crvs_search_count": 7, "crvs_search_date": self.source._crvs_search_day()}
        )
        today = fields.Date.today()
        pull = self.pull("death", watermark=today - timedelta(days=300))
        self.assertEqual(len(self.registry_server.searches), 1)
        self.assertTrue(pull.position, "the rest is for tomorrow")
        self.assertGreater(pull.next_date.date(), self.source._crvs_search_day())
        self.assertIs(self.service().check_death("UIN", "12"), True)

    def test_imports_are_about_when_it_happened(self):
        self.pull(
            "death",
            kind="import",
            date_from=date(2025, 10, 1),
            date_to=date(2025, 10, 31),
        )
        self.assertEqual(self.events("death").mapped("identifier_value"), ["12"])
        self.assert_nothing_refused()


@tagged("post_install", "-at_install")
class TestSandbox(SandboxCase):
    sandbox_options = {"generate": 40}

    def setUp(self):
        super().setUp()
        self.source = self.standard_source(dialect="opencrvs2")
        self.source.base_url = f"{self.sandbox.url}/opencrvs2"

    def test_both_ways_of_asking(self):
        for by_expression in (False, True):
            self.source.crvs_by_expression = by_expression
            service = CRVSService(self.env, self.source.code)
            self.assertIs(service.check_death("UIN", "800000020"), True)
            self.assertIs(service.check_death("UIN", "800000021"), False)
            self.assertTrue(service.verify_birth("UIN", "800000021")["birth_date"])
            self.assertIsNone(service.verify_birth("UIN", "1"))

    def find_out(self):
        action = self.source.action_find_dialect()
        return self.env[action["res_model"]].browse(action["res_id"])

    def test_how_it_speaks_is_found_out(self):
        self.source.dialect = "standard"
        wizard = self.find_out()
        self.assertEqual(wizard.dialect, "opencrvs2", wizard.report)
        self.assertEqual(self.source.dialect, "standard", "proposed, not set")
        wizard.action_use()
        self.assertEqual(self.source.dialect, "opencrvs2")
        self.source.base_url = self.sandbox.url
        self.assertEqual(self.find_out().dialect, "standard")
        with self.subTest("a registry that is not there"):
            self.source.base_url = "http://127.0.0.1:1"
            wizard = self.find_out()
            self.assertFalse(wizard.dialect)
            self.assertIn("could not be reached", wizard.report)
            with self.assertRaises(UserError):
                wizard.action_use()

    def test_how_an_older_opencrvs_speaks(self):
        self.source = self.opencrvs_source(code="older")
        self.source.dialect = "standard"
        self.assertEqual(self.find_out().dialect, "opencrvs")


@tagged("post_install", "-at_install")
class TestFindOutStrict(StrictCase):
    def test_a_registry_that_takes_expressions_only(self):
        self.registry_server.only_expressions = True
        self.source.dialect = "standard"
        action = self.source.action_find_dialect()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(wizard.dialect, "opencrvs2", wizard.report)
        self.assertTrue(self.source.crvs_by_expression)
