"""Pages as registries really have them: without totals, smaller than asked for, or never still."""

from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..helpers.fake_registry import found, person
from ..helpers.registry import FakeRegistryCase

CRON = "spp_dci_client_crvs.ir_cron_pulls"
LOGGER = "odoo.addons.spp_dci_client_crvs.models.asking.pull_run"


class PagesCase(FakeRegistryCase):
    #: records that one page of the registry holds at most
    page_limit = 3

    def setUp(self):
        super().setUp()
        self.env["spp.dci.crvs.pull"].search([]).active = False
        self.today = date.today()
        self.dead = {str(number): self.today - timedelta(days=number) for number in range(1, 9)}
        self.totals = False
        self.answer(self.page_of_deaths)

    def page_of_deaths(self, request):
        """Answer with the page asked for of the deaths in the window asked for."""
        criteria = request["message"]["search_request"][0]["search_criteria"]
        query = criteria["query"][0]
        first, last = (query[name]["attribute_value"] for name in ("expression1", "expression2"))
        records = [
            person(value, death_date=str(day))
            for value, day in self.dead.items()
            if first <= str(day) <= last
        ]
        size = min(criteria["pagination"]["page_size"], self.page_limit)
        start = (criteria["pagination"]["page_number"] - 1) * size
        page = records[start : start + size]
        if start and not page:
            code = "rjct.pagination.invalid"
            return found(request, status="rjct", status_reason_code=code)
        members = {"pagination": {"total_count": str(len(records))}} if self.totals else {}
        return found(request, *page, **members)

    def pull(self, **values):
        """Create a pull of deaths that is due."""
        return self.env["spp.dci.crvs.pull"].create(
            {"data_source_id": self.source.id, "event_type": "death", **values}
        )

    def work(self):
        """Let the scheduler work once."""
        with self.enter_registry_test_mode():
            self.env.ref(CRON).method_direct_trigger()
        self.env.invalidate_all()

    def pulled(self):
        """Return the identifiers of the events pulled, in order."""
        events = self.env["spp.dci.crvs.event"].search(
            [("data_source_id", "=", self.source.id)], order="id"
        )
        return sorted(events.mapped("identifier_value"))


@tagged("post_install", "-at_install")
class TestPages(PagesCase):
    def test_foetal_deaths_are_no_events(self):
        dead, unborn = (person(number, death_date=str(self.today)) for number in "12")
        self.answer(lambda request: found(request, dead, {**unborn, "reg_type": "fetal_death"}))
        self.pull()
        self.work()
        self.assertEqual(self.pulled(), ["1"])

    def test_smaller_pages_than_asked_for(self):
        for self.totals in (False, True):
            with self.subTest(totals=self.totals):
                self.env["spp.dci.crvs.event"].sudo().search(
                    [("data_source_id", "=", self.source.id)]
                ).unlink()
                pull = self.pull(
                    kind="import", date_from=self.today - timedelta(days=20), date_to=self.today
                )
                self.work()
                self.assertFalse(pull.last_error)
                self.assertEqual(self.pulled(), sorted(self.dead))

    def test_the_same_page_for_ever(self):
        self.answer(lambda request: found(request, person("1", death_date=str(self.today))))
        pull = self.pull()
        self.work()
        self.assertEqual((pull.last_error, self.pulled()), (False, ["1"]))

    def test_pages_that_never_come_to_rest(self):
        """What was seen is kept; the watermark stays, so that the rest is looked for again."""
        numbers = iter(range(1000))

        def answer(request):
            criteria = request["message"]["search_request"][0]["search_criteria"]
            number = next(numbers) if criteria["pagination"]["page_number"] < 4 else 1000
            record = person(str(number), death_date=str(self.today))
            return found(request, record, pagination={"total_count": 5})

        self.answer(answer)
        before = self.today - timedelta(days=3)
        pull = self.pull(watermark=before, overlap_days=0)
        with self.assertLogs(LOGGER, "WARNING"):
            self.work()
        self.assertEqual((pull.watermark, pull.failures), (before, 1))
        self.assertIn("kept changing", pull.last_error)
        self.assertEqual(len(self.pulled()), pull.event_count)
        self.assertGreater(pull.event_count, 5)

    def test_a_refusal_of_the_first_page_is_no_end(self):
        self.answer(
            lambda request: found(
                request, status="rjct", status_reason_code="rjct.pagination.invalid"
            )
        )
        pull = self.pull()
        with self.assertLogs(LOGGER, "WARNING"):
            self.work()
        self.assertIn("rjct.pagination.invalid", pull.last_error)

    def test_what_breaks_down_keeps_no_other_waiting(self):
        self.totals = True
        broken = self.pull()
        other = self.pull(
            kind="import", date_from=self.today - timedelta(days=9), date_to=self.today
        )
        original = type(broken)._read_window

        def read_window(pull):
            if pull.id == broken.id:
                raise ValueError("something about 847951632")
            return original(pull)

        self.patch(type(broken), "_read_window", read_window)
        with self.assertLogs(LOGGER, "WARNING") as logs:
            self.work()
        self.assertIn("ValueError", broken.last_error)
        self.assertNotIn("847951632", broken.last_error + str(logs.output))
        self.assertEqual(other.progress, 100)
        self.assertEqual(self.pulled(), sorted(self.dead))


@tagged("post_install", "-at_install")
class TestWatermark(PagesCase):
    def test_only_the_overlap_is_searched_again(self):
        pull = self.pull(overlap_days=5, watermark=self.today)
        self.work()
        self.assertEqual(self.pulled(), ["1", "2", "3", "4", "5"])
        # Registered late, within the overlap and before it.
        self.dead |= {"20": self.today - timedelta(days=5), "21": self.today - timedelta(days=6)}
        pull.action_run_now()
        self.work()
        self.assertEqual(self.pulled(), ["1", "2", "20", "3", "4", "5"])
        self.assertEqual(pull.event_count, 6)

    def test_the_watermark_is_the_day_on_which_the_scan_began(self):
        pull = self.pull(watermark=self.today - timedelta(days=40), overlap_days=0)
        pull._begin()
        pull.start_date -= timedelta(days=2)
        self.work()
        self.assertEqual(pull.watermark, self.today - timedelta(days=2))


@tagged("post_install", "-at_install")
class TestImportForm(PagesCase):
    def form(self):
        """Open the wizard on the registry."""
        form = Form(self.env["spp.dci.crvs.import.wizard"])
        form.data_source_id = self.source
        return form

    def test_years_with_progress(self):
        self.totals = True
        self.dead = {
            str(number): self.today - timedelta(days=100 * number) for number in range(1, 12)
        }
        form = self.form()
        self.assertEqual((form.date_to, form.birth, form.death), (self.today, False, True))
        with self.assertRaisesRegex(AssertionError, "date_from is a required field"):
            form.save()
        form.date_from = self.today - timedelta(days=1000)
        action = form.save().action_import()
        self.assertEqual(action["res_model"], "spp.dci.crvs.pull")
        pull = self.env["spp.dci.crvs.pull"].search([("kind", "=", "import")], limit=1)
        self.assertEqual((pull.event_type, pull.progress), ("death", 0))
        seen = []
        original = type(pull)._read_window

        def read_window(this):
            original(this)
            seen.append(this.progress)

        self.patch(type(pull), "_read_window", read_window)
        while not pull.end_date:
            self.work()
        self.assertEqual(seen, sorted(set(seen)))
        self.assertGreater(len(seen), 30)
        self.assertEqual((pull.progress, pull.event_count), (100, 10))
        self.assertFalse(pull.next_date)
        self.assertEqual(self.pulled(), sorted(self.dead.keys() - {"11"}))

    def test_what_cannot_be_imported(self):
        form = self.form()
        form.date_from = self.today
        form.death = False
        with self.assertRaisesRegex(UserError, "at least one"):
            form.save().action_import()
        form.death = True
        form.date_from = self.today + timedelta(days=1)
        with self.assertRaisesRegex(UserError, "first day"):
            form.save().action_import()
        self.source.dialect = "opencrvs"
        form.date_from = self.today
        form.divorce = True
        with self.assertRaisesRegex(UserError, "no register"):
            form.save().action_import()
