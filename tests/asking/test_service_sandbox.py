"""The service against the sandbox registry, which runs as a process of its own."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..helpers.registry import SandboxCase

ALIVE = "4018273645"
DEAD = "4907162534"


class SandboxService:
    """What must hold in either dialect."""

    def make(self, **values):
        """Create the data source."""
        raise NotImplementedError

    def test_verify_birth(self):
        self.make()
        found = self.service().verify_birth("UIN", ALIVE)
        self.assertEqual(found["person_name"], "Amina Diallo")
        self.assertEqual(found["birth_date"], "1958-03-14")
        self.assertEqual((found["identifier_type"], found["identifier_value"]), ("UIN", ALIVE))
        self.assertEqual(found["sex"], "female")
        self.assertIn({"type": "BRN", "value": "BRN-1958-004127"}, found["identifiers"])

    def test_verify_birth_not_found(self):
        self.make()
        self.assertIsNone(self.service().verify_birth("BRN", "BRN-0000-000000"))

    def test_check_death(self):
        self.make()
        service = self.service()
        self.assertIs(service.check_death("UIN", DEAD), True)
        self.assertIs(service.check_death("UIN", ALIVE), False)
        self.assertIs(service.check_death("UIN", "0000000000"), False)

    def test_death_details(self):
        self.make()
        details = self.service().death_details("UIN", DEAD)
        self.assertEqual(details["death_date"], "2025-10-03")
        self.assertEqual(details["person_name"], "Rahima Khatun")
        self.assertIsNone(self.service().death_details("UIN", ALIVE))

    def test_check_deaths_in_one_message(self):
        self.make()
        self.sandbox.admin("requests", method="DELETE")
        pairs = [("UIN", ALIVE), ("UIN", DEAD), ("UIN", "0000000000"), ("UIN", ALIVE)]
        results = self.service().check_deaths(iter(pairs))
        self.assertEqual([result.pair for result in results], pairs)
        self.assertEqual([result.status for result in results], self.statuses)
        self.assertEqual(str(results[1].death_date), "2025-10-03")

    def test_a_wrong_signature_is_refused(self):
        self.make()
        self.sandbox.admin("faults", {"kind": "wrong_signature"})
        with self.assertRaisesRegex(UserError, "signature of the registry's answer"):
            self.service().check_death("UIN", DEAD)

    def test_a_registry_that_fails_is_no_answer(self):
        self.make(timeout=2)
        for kind in ("error", "truncated", "garbage", "disconnect"):
            with self.subTest(kind):
                self.sandbox.admin("faults", method="DELETE")
                self.sandbox.admin("faults", {"kind": kind})
                with self.assertRaises(UserError):
                    self.service().check_death("UIN", ALIVE)
                with self.assertRaises(UserError):
                    self.service().verify_birth("UIN", ALIVE)

    def test_an_expired_token_is_renewed(self):
        self.make()
        service = self.service()
        service.check_death("UIN", ALIVE)
        self.sandbox.admin("tokens", {"expire": True})
        self.assertIs(service.check_death("UIN", DEAD), True)


@tagged("post_install", "-at_install")
class TestServiceStandard(SandboxService, SandboxCase):
    statuses = ["not_dead", "dead", "unknown", "not_dead"]

    def make(self, **values):
        return self.standard_source(**values)

    def test_our_signature_is_verified(self):
        key = self.make_signing_key()
        self.sandbox.admin(
            "clients",
            {"sender_id": "spp.example.org", "public_key": key.public_key, "required": True},
        )
        self.addCleanup(self.sandbox.admin, "clients", {"required": False})
        self.make(signing_key_id=key.id)
        self.assertIs(self.service().check_death("UIN", DEAD), True)


@tagged("post_install", "-at_install")
class TestServiceOpenCRVS(SandboxService, SandboxCase):
    statuses = ["not_dead", "dead", "not_dead", "not_dead"]

    def make(self, **values):
        return self.opencrvs_source(**values)
