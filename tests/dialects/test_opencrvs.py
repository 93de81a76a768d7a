"""The service against an OpenCRVS that forgives nothing."""

import copy
from datetime import date

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..helpers.opencrvs import OpenCRVSCase
from ..helpers.strict_opencrvs_records import _identifiers, birth, death
from ..helpers.strict_opencrvs_rules import Refused, check_shape, check_signature

ALIVE, DEAD = "4018273645", "4907162534"


@tagged("post_install", "-at_install")
class TestOpenCRVS(OpenCRVSCase):
    def setUp(self):
        super().setUp()
        self.opencrvs.records["birth"] = [
            birth(ALIVE, "BRN-1", "1958-03-14"),
            birth(DEAD, "BRN-2", "1961-01-02"),
        ]
        self.opencrvs.records["death"] = [death(DEAD, "DRN-2", "1961-01-02", "2025-10-03")]

    def test_what_its_records_never_carry_is_not_asked_for(self):
        for ask in (self.service().verify_birth, self.service().check_death):
            with (
                self.subTest(ask.__name__),
                self.assertRaisesRegex(UserError, "cannot be searched"),
            ):
                ask("OPENCRVS_RECORD_ID", "rec-BRN-1")
        self.assertEqual(self.opencrvs.searches, [])

    def test_a_number_of_many_relatives_is_read_to_the_end(self):
        """A mother of many, and an informant of all deaths of a village."""
        mother = "5550001234"
        relation = {"@type": "ocrvs:Mother", "identifier": _identifiers(NID=mother)}
        self.opencrvs.page_limit = 10
        self.opencrvs.delivers = lambda criteria: (
            self.opencrvs.records["birth" if "birth" in criteria["reg_type"] else "death"]
        )
        self.opencrvs.records["death"] = [
            death(
                str(7000 + number),
                f"DRN-{number}",
                "1961-01-02",
                "2025-10-03",
                relations=[relation],
            )
            for number in range(35)
        ]
        self.assertIs(self.service().check_death("UIN", mother), False)
        self.assertEqual(len(self.opencrvs.searches), 4)
        own = death(mother, "DRN-X", "1951-01-02", "2025-11-03")
        self.opencrvs.records["death"].append(own)
        self.assertIs(self.service().check_death("UIN", mother), True)
        (result,) = self.service().check_deaths([("UIN", mother)])
        self.assertEqual((result.status, str(result.death_date)), ("dead", "2025-11-03"))

    def test_verify_birth(self):
        for id_type, value in (
            ("BRN", "BRN-1"),
            ("brn", "BRN-1"),
            ("UIN", ALIVE),
            ("NID", ALIVE),
            ("national_id", ALIVE),
        ):
            with self.subTest(id_type):
                found = self.service().verify_birth(id_type, value)
                self.assertEqual(found["person_name"], "Amina Diallo")
                self.assertEqual(found["birth_date"], "1958-03-14")
                self.assertEqual(found["identifier_value"], value)
                self.assertEqual(found["place_of_birth"], "Ibombo")
                self.assertEqual(found["mother_name"], "Fatou Diallo")
                self.assertEqual(found["father_name"], "Sekou Ba")
                self.assertIn({"type": "NID", "value": ALIVE}, found["identifiers"])
                self.assertNotIn(f"9{ALIVE}", str(found["identifiers"]))
        self.assertNothingRefused()

    def test_an_identifier_that_cannot_be_searched_is_not_sent(self):
        for ask in (self.service().verify_birth, self.service().check_death):
            with self.assertRaises(ValidationError):
                ask("passport", "P123")
        self.assertEqual((self.opencrvs.searches, self.opencrvs.refused), ([], []))

    def test_not_found(self):
        for self.opencrvs.leaves_out in (True, False):
            with self.subTest(leaves_out=self.opencrvs.leaves_out):
                self.assertIsNone(self.service().verify_birth("BRN", "BRN-0"))
                self.assertIs(self.service().check_death("NID", "0000000000"), False)
        self.assertNothingRefused()

    def test_check_death(self):
        self.assertIs(self.service().check_death("UIN", DEAD), True)
        self.assertIs(self.service().check_death("DRN", "DRN-2"), True)
        self.assertIs(self.service().check_death("UIN", ALIVE), False)
        # The spouse's number stands in the record, and the spouse lives.
        self.assertIs(self.service().check_death("UIN", f"8{DEAD}"), False)
        self.assertNothingRefused()
        self.opencrvs.out_of_order = (500, "text/html", "<h1>Internal Server Error</h1>")
        with self.assertRaises(UserError):
            self.source.timeout = 1
            self.service().check_death("UIN", ALIVE)

    def test_a_record_of_somebody_else_is_no_death(self):
        self.opencrvs.delivers = lambda _criteria: list(self.opencrvs.records["death"])
        with self.assertRaisesRegex(UserError, "do not bear this identifier"):
            self.service().check_death("UIN", ALIVE)
        results = self.service().check_deaths([("UIN", ALIVE), ("UIN", DEAD)])
        self.assertEqual([result.status for result in results], ["failed", "dead"])

    def test_a_death_without_a_date(self):
        self.opencrvs.records["death"] = [death(DEAD, "DRN-2", "1961-01-02", "")]
        result = self.service().check_deaths([("UIN", DEAD)])[0]
        self.assertEqual((result.status, result.death_date), ("dead", None))

    def test_a_record_of_another_register_is_no_death(self):
        """As when the base URL leads to a registry that answers about persons."""
        self.opencrvs.leaves_out = False
        item = self.opencrvs._item

        def civil(question):
            answer = item(question)
            answer["data"]["reg_type"] = self.reg_type
            return answer

        self.opencrvs._item = civil
        alive = birth(ALIVE, "BRN-1", "1958-03-14", deathdate="")
        self.opencrvs.records["death"] = [alive, death(DEAD, "DRN-2", "1961-01-02", "2025-10-03")]
        for self.reg_type, found in (
            ("ns:org:RegistryType:Civil", ["unknown", "dead"]),
            # A date of death is one, whatever the register.
            ("ocrvs:registry_type:birth", ["unknown", "dead"]),
        ):
            results = self.service().check_deaths([("UIN", ALIVE), ("UIN", DEAD)])
            with self.subTest(self.reg_type):
                self.assertEqual([result.status for result in results], found)
                self.assertIn("register of deaths", results[0].reason)
                self.assertIs(self.service().check_death("UIN", ALIVE), False)

    def test_hundreds_of_deaths(self):
        numbers = [str(7000000000 + number) for number in range(350)]
        self.opencrvs.records["death"] = [
            death(number, f"DRN-{number}", "1950-01-01", f"2025-01-{1 + index % 28:02}")
            for index, number in enumerate(numbers)
            if index % 3 == 0
        ]
        pairs = [("UIN", number) for number in numbers] + [("passport", "P1"), ("BRN", "B1")]
        for self.opencrvs.leaves_out in (True, False):
            results = self.service().check_deaths(iter(pairs))
            self.assertEqual([result.pair for result in results], pairs)
            for index, result in enumerate(results[:350]):
                dead = index % 3 == 0
                self.assertEqual(result.status, "dead" if dead else "not_dead")
                day = date(2025, 1, 1 + index % 28) if dead else None
                self.assertEqual(result.death_date, day)
            self.assertEqual([result.status for result in results[350:]], ["failed", "not_dead"])
        sizes = [len(one["message"]["search_request"]) for one in self.opencrvs.searches]
        self.assertEqual(sizes, [100, 100, 100, 51] * 2)
        self.assertEqual(len(self.opencrvs.tokens_asked), 1)
        self.assertNothingRefused()

    def test_no_subscriptions(self):
        with self.assertRaisesRegex(UserError, "pull"):
            self.service().subscribe_events()
        self.assertEqual((self.opencrvs.searches, self.opencrvs.refused), ([], []))


@tagged("post_install", "-at_install")
class TestStrictness(OpenCRVSCase):
    """The registry of these tests does refuse: what it takes is worth something."""

    def setUp(self):
        super().setUp()
        self.service().check_death("UIN", ALIVE)
        self.sent = self.opencrvs.searches[-1]

    def refusal(self, change):
        """Change a request of ours; return the code that it is refused with, None if it is not."""
        envelope = copy.deepcopy(self.sent)
        question = envelope["message"]["search_request"][0]
        change(envelope, envelope["header"], question, question["search_criteria"])
        try:
            check_shape(envelope, receiver_id=self.opencrvs.url, is_async=True)
            check_signature(envelope)
        except Refused as refusal:
            return refusal.code
        return None

    def test_what_it_refuses(self):
        self.assertIsNone(self.refusal(lambda *_parts: None))
        pair = {"attribute_name": "birthdate", "operator": "ge", "attribute_value": "2020-01-01"}
        for name, change in {
            "standard register": lambda e, h, q, c: c.update(reg_type="ns:org:RegistryType:Civil"),
            "record type": lambda e, h, q, c: c.update(reg_record_type="spdci:Person"),
            "national number": lambda e, h, q, c: c["query"].update(type="UIN"),
            "short locale": lambda e, h, q, c: q.update(locale="en"),
            "time without zone": lambda e, h, q, c: q.update(timestamp="2026-11-20T10:00:00"),
            "count as text": lambda e, h, q, c: h.update(total_count="1"),
            "wrong count": lambda e, h, q, c: h.update(total_count=2),
            "no URL": lambda e, h, q, c: h.update(sender_id="openspp"),
            "nowhere to answer": lambda e, h, q, c: h.pop("sender_uri"),
            "empty member": lambda e, h, q, c: h.update(meta=""),
            "death date": lambda e, h, q, c: c.update(
                query_type="predicate",
                query=[{"expression1": {**pair, "attribute_name": "death_date"}}],
            ),
            "or": lambda e, h, q, c: c.update(
                query_type="predicate",
                query=[{"expression1": pair, "condition": "or", "expression2": pair}],
            ),
            "no signature": lambda e, h, q, c: e.update(signature=""),
            "other content": lambda e, h, q, c: h.update(message_id="another"),
            "type of content": lambda e, h, q, c: h.update(total_count=1.0),
            "old": lambda e, h, q, c: h.update(message_ts="2026-01-01T00:00:00+00:00"),
        }.items():
            with self.subTest(name):
                self.assertTrue(self.refusal(change))
