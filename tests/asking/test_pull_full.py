"""Registries that count only so far: no window is complete because a count says so."""

from datetime import date, timedelta

from odoo.tests import tagged

from ...services.asking.explanations import RegistryError
from ...services.asking.paging import WindowReader
from ...services.asking.registry import Registry
from ..helpers.fake_registry import found, person
from ..helpers.registry import FakeRegistryCase

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)


@tagged("post_install", "-at_install")
class TestFullWindows(FakeRegistryCase):
    def setUp(self):
        super().setUp()
        self.cap = 100  # records that the registry shows and counts at most
        self.counts = True
        self.answer(self.show)

    def register(self, number, day=None):
        """Have so many persons die, each day the same number or all on one day."""
        self.dead = [
            (str(index), day or FIRST + timedelta(days=index % 31)) for index in range(number)
        ]

    def show(self, request):
        criteria = request["message"]["search_request"][0]["search_criteria"]
        query = criteria["query"][0]
        first, last = (query[name]["attribute_value"] for name in ("expression1", "expression2"))
        records = [
            person(value, death_date=str(day))
            for value, day in self.dead
            if first <= str(day) <= last
        ][: self.cap]
        size, number = criteria["pagination"]["page_size"], criteria["pagination"]["page_number"]
        page = records[(number - 1) * size : number * size]
        if number > 1 and not page:
            code = "rjct.pagination.invalid"
            return found(request, status="rjct", status_reason_code=code)
        members = {"pagination": {"total_count": len(records)}} if self.counts else {}
        return found(request, *page, **members)

    def read(self, limit=None, first=FIRST, last=LAST, page_size=20):
        registry = Registry(self.env, self.source)
        self.patch(type(registry.dialect), "most_counted", limit)
        self.kept = set()

        def keep(events):
            self.kept.update(event.person.identifiers[0].value for event in events)

        reader = WindowReader(registry, "death", page_size, None, keep)
        reader.read(first, last)
        return reader

    def test_a_window_near_the_limit_is_halved(self):
        for number in (89, 95, 100, 1000):
            self.register(number)
            reader = self.read(limit=100)
            with self.subTest(number):
                self.assertEqual(len(self.kept), number)
                self.assertFalse(reader.full_days)

    def test_nothing_of_a_full_window_is_read_in_vain(self):
        self.register(1000)
        self.read(limit=100)
        self.assertLess(len(self.fake.requests), 150)

    def test_a_day_beyond_the_limit_is_told(self):
        self.register(300, day=date(2026, 1, 7))
        self.dead += [("other", date(2026, 1, 8))]
        reader = self.read(limit=100)
        self.assertEqual(reader.full_days, [date(2026, 1, 7)])
        self.assertEqual(len(self.kept), 101, "what it shows, and the other days")

    def test_caps_that_nobody_told_us_of(self):
        self.cap = 1000
        self.register(1700)
        for self.counts in (True, False):
            self.read(page_size=100)
            with self.subTest(counts=self.counts):
                self.assertEqual(len(self.kept), 1700)

    def test_round_numbers_that_are_no_cap(self):
        self.cap = 10000
        self.register(1000)
        self.read(page_size=100)
        self.assertEqual(len(self.kept), 1000)
        self.assertLessEqual(len(self.fake.requests), 60, "halved once, to see")

    def test_counts_that_are_never_reached(self):
        def answer(request):
            answer = self.show(request)
            for item in answer["message"]["search_response"]:
                if "data" in item:
                    item["pagination"] = {"total_count": 60}
            return answer

        self.register(50)
        self.answer(answer)
        with self.assertRaises(RegistryError) as caught:
            self.read()
        self.assertEqual(caught.exception.problem, "missing_pages")
        self.assertEqual(len(self.kept), 50)
