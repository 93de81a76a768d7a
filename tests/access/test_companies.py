"""Databases of several companies: who sees what, and whose today it is."""

from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestCompanies(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here = cls.env["res.company"]._get_main_company()
        cls.there = cls.env["res.company"].create({"name": "There"})
        cls.here.partner_id.tz, cls.there.partner_id.tz = "UTC", "Pacific/Kiritimati"
        cls.users = {
            company: new_test_user(
                cls.env,
                f"officer_{company.id}",
                "spp_dci_client_crvs.group_crvs_officer",
                company_id=company.id,
                company_ids=[(6, 0, company.ids)],
            )
            for company in (cls.here, cls.there)
        }

    def seen(self, records):
        """Return whose officers see these records."""
        found = set()
        for company, user in self.users.items():
            try:
                records.with_user(user).with_company(company).read(["display_name"])
            except AccessError:
                continue
            found.add(company)
        return found

    def test_events_are_seen_where_the_registrant_is(self):
        self.registrant(ids={"UIN": "U-1"}, company_id=self.there.id)
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        self.assertEqual(self.seen(event), {self.here, self.there}, "nobody's yet")
        event.process_event()
        self.assertOutcome(event, "applied")
        self.assertEqual(self.seen(event), {self.there})

    def test_events_and_messages_of_a_companys_registry(self):
        self.sender.company_id = self.there
        event = self.process("death", {"UIN": "nobody"})
        message = self.env["spp.dci.crvs.message"].create(
            {
                "sender_id": self.sender.id,
                "message_id": "m",
                "digest": "d",
                "kind": "notify",
                "outcome": "stored",
                "received_date": "2026-11-01",
            }
        )
        for records in (self.sender, event, message):
            self.assertEqual(self.seen(records), {self.there})

    @freeze_time("2026-11-26 12:00:00")
    def test_today_is_the_same_whoever_asks(self):
        """It is tomorrow there."""
        tomorrow = self.events._today(self.there)
        self.assertEqual(tomorrow, self.events._today() + timedelta(days=1))
        for company, outcome in ((self.here, "scheduled"), (self.there, "applied")):
            self.sender.company_id = company
            for user in self.users.values():
                number = f"{company.id}-{user.id}"
                self.registrant(ids={"UIN": number}, company_id=company.id)
                event = self.store(self.vital("death", {"UIN": number}, tomorrow))
                event.company_id = False if company == self.here else company
                event.with_user(user).with_company(user.company_id).sudo().process_event()
                with self.subTest(company=company.name, user=user.company_id.name):
                    self.assertEqual(event.outcome, outcome)

    def test_spouse_alone_has_the_events_too(self):
        spouse = self.registrant(ids={"UIN": "U-2"})
        self.registrant(ids={"UIN": "U-1"})
        self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, spouse={"UIN": "U-2"})
        self.env.invalidate_all()
        self.assertEqual(spouse.with_user(self.viewer).sudo().crvs_event_count, 1)
