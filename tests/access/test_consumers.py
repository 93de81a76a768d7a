"""What other addons of OpenSPP do with this one, as users without any CRVS group."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.spp_dci_client_crvs.services import CRVSService
from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService as SameService
from odoo.addons.spp_dci_client_crvs.services.crvs_service import DCIClient

from ..helpers.events import EventCase
from ..helpers.fake_registry import found, person
from ..helpers.registry import FakeRegistryCase

#: of an event, what every internal user reads
OPEN_FIELDS = {"event_type", "event_date", "state", "outcome", "person_id"}


class ConsumerCase(EventCase):
    def setUp(self):
        super().setUp()
        self.user = new_test_user(self.env, "eligibility", "base.group_user")


@tagged("post_install", "-at_install")
class TestService(FakeRegistryCase, ConsumerCase):
    """Eligibility rules and variables that ask the registry, in a loop over beneficiaries."""

    def setUp(self):
        super().setUp()
        self.beneficiaries = self.registrant("Ana", ids={"national_id": "847951632"})
        self.beneficiaries |= self.registrant("Ben", ids={"birth_certificate": "BC-7"})
        self.beneficiaries |= self.registrant("Cem")

    def values(self, ask):
        """What a rule computes: a value for each beneficiary who has a number."""
        service = CRVSService(self.env(user=self.user), "crvs_main")
        values = {}
        for partner in self.beneficiaries:
            # As these addons read it: with the rights of the rule, the first number.
            number = partner.reg_ids[:1]
            if number:
                values[partner.name] = ask(service, number.id_type_id.code, number.value)
        return values

    def test_both_ways_of_importing_are_one(self):
        self.assertIs(CRVSService, SameService)
        self.assertTrue(DCIClient)

    def test_who_is_dead(self):
        def answer(request):
            question = request["message"]["search_request"][0]["search_criteria"]["query"]
            asked.append((question["type"], question["value"]))
            day = "2024-01-01" if question["value"] == "847951632" else ""
            return found(request, person(question["value"], question["type"], death_date=day))

        asked = []
        self.answer(answer)
        dead = self.values(lambda service, *number: service.check_death(*number))
        self.assertEqual(dead, {"Ana": True, "Ben": False})
        self.assertEqual(asked, [("UIN", "847951632"), ("BRN", "BC-7")])

    def test_a_dotted_path_into_what_the_registry_has(self):
        def walk(value, path):
            for name in path.split("."):
                value = value.get(name) if isinstance(value, dict) else None
            return value

        self.answer(
            lambda request: found(
                request,
                person("BC-7", "BRN", birth_place={"name": "Koh Samui"}, birth_date="1995-09-21"),
            )
        )
        for path, expected in (
            ("birth_date", "1995-09-21"),
            ("record.birth_place.name", "Koh Samui"),
            ("record.name.surname", "Phumchai"),
            ("record.nothing.there", None),
        ):
            service = CRVSService(self.env(user=self.user))
            self.assertEqual(
                walk(service.verify_birth("birth_certificate", "BC-7"), path), expected
            )


@tagged("post_install", "-at_install")
class TestEvents(ConsumerCase):
    """Eligibility rules that look for the events of a beneficiary."""

    def setUp(self):
        super().setUp()
        self.ana = self.registrant("Ana", ids={"UIN": "U-1"})
        self.death = self.process("death", {"UIN": "U-1"})
        self.theirs = self.env["spp.dci.crvs.event"].with_user(self.user)

    def found(self):
        return self.theirs.search([("person_id", "=", self.ana.id), ("state", "=", "processed")])

    def test_kind_of_event_of_a_beneficiary(self):
        self.assertEqual(self.found().mapped("event_type"), ["death"])
        self.assertEqual(self.found().person_id, self.ana)
        self.assertEqual(self.theirs.search_count([("event_type", "=", "death")]), 1)
        self.assertEqual(self.found().read(sorted(OPEN_FIELDS))[0]["outcome"], "applied")

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_and_nothing_more(self):
        event = self.found()
        for name in event._fields.keys() - OPEN_FIELDS - {"id", "display_name", "active"}:
            with self.subTest(name), self.assertRaises(AccessError):
                event.read([name])
        for operation in (
            lambda: event.write({"state": "received"}),
            event.unlink,
            lambda: self.theirs.create({"event_type": "death"}),
            lambda: self.theirs.search([("raw_data", "ilike", "U-1")]),
        ):
            with self.assertRaises(AccessError):
                operation()

    def test_an_undone_event_is_not_found(self):
        action = self.death.with_user(self.manager).action_reverse()
        wizard = self.env["spp.dci.crvs.event.reverse"].with_user(self.manager)
        wizard.with_context(**action["context"]).create({"reason": "Lives"}).action_confirm()
        self.assertFalse(self.found())

    def test_one_that_waits_is_not_taken_for_one_that_happened(self):
        self.process("death", {"UIN": "U-9"})
        self.assertEqual(len(self.theirs.search([("state", "=", "processed")])), 1)
