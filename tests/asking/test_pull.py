"""Pulling events from the sandbox registry, in both dialects."""

from datetime import date, datetime, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ...services.dialects.opencrvs import OpenCRVSDialect
from ..helpers.registry import SandboxCase

CRON = "spp_dci_client_crvs.ir_cron_pulls"
LOGGER = "odoo.addons.spp_dci_client_crvs.models.asking.pull_run"


class PullCase(SandboxCase):
    def setUp(self):
        super().setUp()
        self.env["spp.dci.crvs.pull"].search([]).active = False

    def pull(self, event_type="death", **values):
        """Create a regular pull that is due."""
        return self.env["spp.dci.crvs.pull"].create(
            {"data_source_id": self.source.id, "event_type": event_type, **values}
        )

    def work(self):
        """Let the scheduler work, as often as it wants to."""
        for _run in range(20):
            with self.enter_registry_test_mode():
                self.env.ref(CRON).method_direct_trigger()
            self.env.invalidate_all()
            pulls = self.env["spp.dci.crvs.pull"]
            if not pulls.search_count([("position", "!=", False), *pulls._due_domain()]):
                break

    def events(self, event_type="death"):
        """Return the events pulled from the registry."""
        return self.env["spp.dci.crvs.event"].search(
            [("data_source_id", "=", self.source.id), ("event_type", "=", event_type)], order="id"
        )

    def register(self, kind, uin, day, **members):
        """Let the registry enter an event, and tell nobody."""
        self.sandbox.admin(
            "events",
            {
                "event_type": kind,
                "date": str(day),
                "identifier": {"type": "UIN", "value": uin},
                "push": False,
                **members,
            },
        )


@tagged("post_install", "-at_install")
class TestPull(PullCase):
    def setUp(self):
        super().setUp()
        self.source = self.standard_source()
        self.today = date.today()

    def test_new_deaths_are_events(self):
        self.register("death", "4018273645", self.today - timedelta(days=3))
        pull = self.pull()
        self.work()
        event = self.events()
        self.assertEqual(event.event_date, self.today - timedelta(days=3))
        self.assertEqual((event.source, event.identifier_value), ("pull", "4018273645"))
        self.assertEqual((pull.watermark, pull.event_count), (self.today, 1))
        self.assertEqual((pull.progress, pull.last_error), (100, False))
        self.assertGreater(pull.next_date, datetime.now() + timedelta(hours=23))

    def test_a_late_registration_is_found_and_nothing_twice(self):
        self.register("death", "4018273645", self.today - timedelta(days=3))
        pull = self.pull()
        self.work()
        self.register("death", "5129384756", self.today - timedelta(days=40))
        pull.action_run_now()
        self.work()
        self.assertEqual(len(self.events()), 2)
        self.assertEqual(pull.event_count, 2)

    def test_the_living_are_no_deaths(self):
        self.source.write({"crvs_sender_id": False, "answer_verification": "ignore"})
        pull = self.pull("birth", attribute_name="birth_date", overlap_days=20000)
        pull.event_type = "death"
        self.work()
        dead = set(self.events().mapped("identifier_value"))
        self.assertTrue(dead <= {"4907162534", "1110293847", "1201837465", "1202938475"}, dead)

    def test_a_failure_leaves_the_watermark(self):
        before = self.today - timedelta(days=10)
        pull = self.pull(watermark=before)
        self.sandbox.admin("faults", {"kind": "error", "status": 400})
        for failures in (1, 2, 3):
            pull.action_run_now()
            with self.assertLogs(LOGGER, "WARNING"):
                self.work()
            self.assertEqual((pull.watermark, pull.failures), (before, failures))
        self.assertTrue(pull.last_error)
        self.assertEqual(len(pull.activity_ids), 1)
        self.sandbox.admin("faults", method="DELETE")
        pull.action_run_now()
        self.work()
        self.assertEqual((pull.watermark, pull.failures), (self.today, 0))
        self.assertFalse(pull.last_error)

    def test_an_import_of_years_goes_by_months(self):
        wizard = self.env["spp.dci.crvs.import.wizard"].create(
            {
                "data_source_id": self.source.id,
                "date_from": "2024-06-01",
                "date_to": "2025-12-31",
                "birth": True,
            }
        )
        wizard.action_import()
        self.work()
        imports = self.env["spp.dci.crvs.pull"].search([("kind", "=", "import")])
        self.assertEqual(imports.mapped("progress"), [100, 100])
        self.assertFalse(any(imports.mapped("next_date")))
        self.assertEqual(self.events().mapped("event_date"), [date(2025, 10, 3)])
        searches = [
            row["body"]["message"]["search_request"][0]["search_criteria"]["query"][0]
            for row in self.sandbox.admin("requests")["last"]
            if row["path"] == "/registry/sync/search"
        ]
        spans = [
            date.fromisoformat(query["expression2"]["attribute_value"])
            - date.fromisoformat(query["expression1"]["attribute_value"])
            for query in searches
        ]
        self.assertLess(max(spans), timedelta(days=31))

    def test_a_restart_goes_on_where_it_stopped(self):
        pull = self.pull(overlap_days=70)
        pull._begin()
        first = pull.position
        pull._read_window()
        self.assertGreater(pull.position, first)
        self.assertTrue(0 < pull.progress < 100)
        self.work()
        self.assertEqual((pull.progress, pull.scan_from), (100, first))

    def test_access(self):
        viewer = new_test_user(
            self.env, "pull-viewer", groups="spp_dci_client_crvs.group_crvs_viewer"
        )
        pull = self.pull()
        with self.assertRaises(AccessError):
            pull.with_user(viewer).action_run_now()
        with self.assertRaises(AccessError):
            pull.with_user(viewer).active = False
        with self.assertRaises(AccessError):
            self.env["spp.dci.crvs.import.wizard"].with_user(viewer).create({})


@tagged("post_install", "-at_install")
class TestPullPages(PullCase):
    sandbox_options = {"generate": 400}

    def setUp(self):
        super().setUp()
        self.source = self.standard_source()

    def run_import(self):
        """Import all deaths in pages of four."""
        pull = self.pull(kind="import", date_from="2000-01-01", date_to=date.today(), page_size=4)
        # One window, so that it has many pages.
        pull._begin()
        pull.write({"position": pull.scan_from})
        self.patch(type(pull), "_window_end", lambda this: this.scan_to)
        self.work()
        return pull

    def test_all_pages_are_read(self):
        pull = self.run_import()
        self.assertFalse(pull.last_error)
        self.assertEqual(len(self.events()), pull.event_count)
        expected = {str(800000000 + number) for number in range(0, 400, 20)}
        self.assertEqual(set(self.events().mapped("identifier_value")), expected)

    def test_pages_that_shift(self):
        self.sandbox.admin("faults", {"kind": "shifting_pages", "count": 3})
        self.run_import()
        expected = {str(800000000 + number) for number in range(0, 400, 20)}
        self.assertEqual(set(self.events().mapped("identifier_value")), expected)


@tagged("post_install", "-at_install")
class TestPullOpenCRVS(PullCase):
    def setUp(self):
        super().setUp()
        self.source = self.opencrvs_source()

    def test_deaths_of_any_age(self):
        today = date.today()
        self.register("death", "4018273645", today - timedelta(days=2))
        pull = self.pull()
        self.work()
        self.assertEqual(self.events().mapped("event_date"), [today - timedelta(days=2)])
        self.assertEqual(pull.watermark, today)
        self.assertLess(pull.scan_from.year, today.year - 120)

    def test_births(self):
        pull = self.pull("birth", overlap_days=1100)
        self.work()
        self.assertEqual(self.events("birth").mapped("event_date"), [date(2024, 2, 11)])
        self.assertEqual(pull.scan_from, date.today() - timedelta(days=1100))

    def test_deaths_without_a_date_of_birth_are_found_once_a_month(self):
        today = date.today()
        self.patch(OpenCRVSDialect, "scan_start", lambda _self, _type, since, _today: (since, 12))
        pull = self.pull()
        self.work()
        self.assertTrue(pull.whole_date)
        self.assertEqual(pull.watermark, today)
        asked = self.searches()
        self.assertEqual(sum(not query for query in asked), 1)
        pull.next_date = datetime.now()
        self.work()
        self.assertEqual(sum(not query for query in self.searches()), 1, "not every day")
        pull.write({"next_date": datetime.now(), "whole_date": datetime.now() - timedelta(days=31)})
        self.work()
        self.assertEqual(sum(not query for query in self.searches()), 2)

    def test_marriages_are_read_once_a_run(self):
        """Whatever is asked for, the server gives them all."""
        self.pull("marriage")
        self.work()
        self.assertEqual(self.searches(), [[]])

    def searches(self):
        """Return the predicates of all searches since the start."""
        return [
            row["body"]["message"]["search_request"][0]["search_criteria"]["query"]
            for row in self.sandbox.admin("requests")["last"]
            if row["path"] == "/opencrvs/registry/sync/search"
        ]

    def test_no_divorces_and_no_subscriptions(self):
        with self.assertRaises(ValidationError):
            self.pull("divorce")
        with self.assertRaisesRegex(UserError, "pulling"):
            self.service().subscribe_events()
