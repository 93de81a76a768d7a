"""Bulk checks and pulls against an OpenCRVS that forgives nothing."""

from datetime import date, timedelta

from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs import const

from ..helpers.opencrvs import OpenCRVSCase
from ..helpers.strict_opencrvs_records import birth, death, marriage

PULL_LOGGER = "odoo.addons.spp_dci_client_crvs.models.asking.pull_run"


class WorkCase(OpenCRVSCase):
    def setUp(self):
        super().setUp()
        self.today = date.today()
        self.env["spp.dci.crvs.pull"].search([]).active = False
        self.env["spp.dci.crvs.check"].search([]).state = "done"

    def ago(self, days):
        """Return the day so many days ago, as it is written."""
        return str(self.today - timedelta(days=days))

    def work(self, cron):
        """Let the scheduler work once."""
        with self.enter_registry_test_mode():
            self.env.ref(f"spp_dci_client_crvs.{cron}").method_direct_trigger()
        self.env.invalidate_all()

    def registrants(self, numbers):
        """Create registrants with these UINs, and a BRN each."""
        types = {
            code: self.env["spp.vocabulary.code"].search(
                [("namespace_uri", "=", const.ID_TYPE_NAMESPACE), ("code", "=", code)]
            )
            for code in ("UIN", "BRN")
        }
        return self.env["res.partner"].create(
            [
                {
                    "name": f"Registrant {number}",
                    "is_registrant": True,
                    "reg_ids": [
                        (0, 0, {"id_type_id": types["UIN"].id, "value": number}),
                        (0, 0, {"id_type_id": types["BRN"].id, "value": f"BRN-{number}"}),
                    ],
                }
                for number in numbers
            ]
        )

    def events(self):
        """Return the events that came from this registry."""
        return self.env["spp.dci.crvs.event"].search(
            [("data_source_id", "=", self.source.id)], order="id"
        )


@tagged("post_install", "-at_install")
class TestBulkCheck(WorkCase):
    def test_a_run(self):
        people = self.registrants([f"700{number:04}" for number in range(230)])
        self.opencrvs.records["death"] = [
            death(f"700{number:04}", f"DRN-{number}", "1950-01-01", self.ago(number))
            for number in range(0, 230, 10)
        ]
        check = self.env["spp.dci.crvs.check"]._start(self.source, people.ids, "events", "all")
        self.work("ir_cron_checks")
        self.assertEqual((check.state, check.pause_reason), ("done", False))
        results = [line.result for line in check.line_ids.sorted("id")]
        self.assertEqual(
            results, ["not_dead" if number % 10 else "dead" for number in range(len(people))]
        )
        self.assertEqual(len(self.events()), 23)
        self.assertEqual(self.events()[1].event_date, self.today - timedelta(days=10))
        self.work("ir_cron_process_events")
        dead = people.filtered("disabled")
        self.assertEqual(dead, people[::10])
        self.assertEqual(dead[2].death_date, self.today - timedelta(days=20))
        self.assertIn("DRN-20", dead[2].reg_ids.mapped("value"))
        self.assertNothingRefused()


@tagged("post_install", "-at_install")
class TestPull(WorkCase):
    def pull(self, event_type, **values):
        """Create a regular pull that is due."""
        return self.env["spp.dci.crvs.pull"].create(
            {"data_source_id": self.source.id, "event_type": event_type, **values}
        )

    def work_to_the_end(self, pull):
        """Let the scheduler work as often as it takes."""
        for _run in range(20):
            self.work("ir_cron_pulls")
            if not pull.position:
                break
        self.assertEqual((pull.last_error, pull.position), (False, False))

    def test_births_with_pages_and_overlap(self):
        self.opencrvs.records["birth"] = [
            birth(f"1{number}", f"BRN-{number}", self.ago(number)) for number in range(1, 60)
        ]
        pull = self.pull("birth", overlap_days=40, page_size=7)
        self.work_to_the_end(pull)
        self.assertEqual(len(self.events()), 40)
        self.assertEqual(set(self.events().mapped("event_type")), {"birth"})
        pages = {
            one["message"]["search_request"][0]["search_criteria"]["pagination"]["page_number"]
            for one in self.opencrvs.searches
        }
        self.assertGreater(max(pages), 3)
        # Registered late: within the days looked back.
        self.opencrvs.records["birth"].append(birth("2", "BRN-late", self.ago(39)))
        pull.action_run_now()
        self.work_to_the_end(pull)
        self.assertEqual(len(self.events()), 41)
        self.assertEqual((pull.event_count, pull.watermark), (41, self.today))
        self.assertEqual(self.events()[-1].event_date, self.today - timedelta(days=39))
        self.assertNothingRefused()

    def test_pages_that_hold_less_than_asked_for(self):
        self.opencrvs.page_limit = 3
        self.opencrvs.records["birth"] = [
            birth(f"1{number}", f"BRN-{number}", self.ago(1 + number % 5)) for number in range(20)
        ]
        for self.opencrvs.leaves_out in (True, False):
            pull = self.pull("birth", kind="import", date_from=self.ago(9), date_to=self.today)
            self.work_to_the_end(pull)
            self.assertEqual(len(self.events()), 20)
        self.assertNothingRefused()

    def test_deaths_of_people_of_any_age(self):
        born = [
            "1900-01-01",
            "1905-02-28",
            "1931-07-01",
            "1958-12-31",
            "1959-01-01",
            "2001-01-01",
            self.ago(2),
        ]
        self.opencrvs.records["death"] = [
            death(f"3{number}", f"DRN-{number}", birthdate, self.ago(1 + number))
            for number, birthdate in enumerate(born)
        ]
        self.opencrvs.records["death"] += [
            death("40", "DRN-40", "1950-05-05", self.ago(200)),
            death("41", "DRN-41", "1950-05-06", ""),
        ]
        # The living are in the other register.
        self.opencrvs.records["birth"] = [birth("50", "BRN-50", "1950-05-05")]
        person = self.registrants(["32"])
        pull = self.pull("death", overlap_days=90, page_size=2)
        self.work_to_the_end(pull)
        dates = sorted(str(event.event_date) for event in self.events())
        self.assertEqual(dates, sorted([self.ago(1 + number) for number in range(7)] + ["False"]))
        self.assertEqual(set(self.events().mapped("event_type")), {"death"})
        self.assertLess(len(self.opencrvs.searches), 200)
        # The registry calls NID what the registrant has as UIN.
        self.work("ir_cron_process_events")
        self.assertEqual(person.death_date, self.today - timedelta(days=3))
        self.assertTrue(person.disabled)
        pull.action_run_now()
        self.work_to_the_end(pull)
        self.assertEqual(len(self.events()), 8)
        self.assertNothingRefused()

    def test_marriages(self):
        self.opencrvs.records["marriage"] = [
            marriage("60", "61", "MRN-1", "1990-01-01", self.ago(5)),
            marriage("62", "63", "MRN-2", "1990-01-02", self.ago(500)),
        ]
        self.work_to_the_end(self.pull("marriage", overlap_days=90))
        event = self.events()
        self.assertEqual(event.event_date, self.today - timedelta(days=5))
        self.assertEqual(event.event_type, "marriage")
        self.assertNothingRefused()

    def test_a_registry_out_of_order_is_asked_again(self):
        self.opencrvs.records["birth"] = [birth("1", "BRN-1", self.ago(1))]
        self.source.timeout = 1
        before = self.today - timedelta(days=3)
        pull = self.pull("birth", watermark=before, overlap_days=0)
        bodies = (
            (400, "application/json", '{"errors": [{"code": "err.request.bad", "message": "x"}]}'),
            (502, "text/html", "<html>Bad Gateway</html>"),
            (200, "application/json", '{"signature": "x", "header": {}, "mess'),
        )
        for failures, self.opencrvs.out_of_order in enumerate(bodies, 1):
            pull.action_run_now()
            with self.assertLogs(PULL_LOGGER, "WARNING"):
                self.work("ir_cron_pulls")
            self.assertEqual((pull.failures, pull.watermark), (failures, before))
        self.opencrvs.out_of_order = None
        pull.action_run_now()
        self.work_to_the_end(pull)
        self.assertEqual((len(self.events()), pull.watermark), (1, self.today))
