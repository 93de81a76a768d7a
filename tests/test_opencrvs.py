"""The service against an OpenCRVS that forgives nothing."""

from datetime import date

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common_opencrvs import OpenCRVSCase
from .strict_opencrvs_records import birth, death

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

    def test_verify_birth(self):
        for id_type, value in (
            ("BRN", "BRN-1"),
            ("brn", "BRN-1"),
            ("UIN", ALIVE),
            ("NID", ALIVE),
            ("national_id", ALIVE),
            ("OPENCRVS_RECORD_ID", "rec-BRN-1"),
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
                self.assertNotIn(f"9{ALIVE}", str(found))
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
        self.assertIs(self.service().check_death("UIN", ALIVE), False)
        results = self.service().check_deaths([("UIN", ALIVE), ("UIN", DEAD)])
        self.assertEqual([result.status for result in results], ["unknown", "dead"])

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
            ("ocrvs:registry_type:birth", ["unknown", "unknown"]),
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
