from datetime import date
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ... import const
from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestEntitlements(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "spp.entitlement" not in cls.env:
            cls.skipTest(cls, "spp_programs is not installed")
        cls.program = cls.env["spp.program"].create({"name": "Pension"})
        cls.cycle = cls.env["spp.cycle"].create({"name": "May", "program_id": cls.program.id})

    def entitlement(self, partner, state="approved", cycle=None):
        return self.env["spp.entitlement"].create(
            {
                "partner_id": partner.id,
                "cycle_id": (cycle or self.cycle).id,
                "initial_amount": 10,
                "state": state,
            }
        )

    def takes_part(self, partner, state="enrolled"):
        cycle = self.cycle.copy()
        return self.env["spp.cycle.membership"].create(
            {"partner_id": partner.id, "cycle_id": cycle.id, "state": state}
        )

    def states(self, model):
        return [state for state, _label in self.env[model]._fields["state"].selection]

    def reverse(self, event):
        event._reverse("Withdrawn", self.manager)
        self.env.invalidate_all()

    def test_exit_reason(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        membership = self.member(ana)
        event = self.process("death", {"UIN": "U-1"})
        self.assertIn(event.name, membership.exit_reason)
        self.reverse(event)
        self.assertEqual((membership.state, membership.exit_reason), ("paused", False))

    def test_membership_of_an_archived_registrant_ends_too(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        membership = self.member(ana)
        ana.active = False
        self.assertOutcome(self.process("death", {"UIN": "U-1"}), "applied")
        self.assertEqual(membership.state, "exited")

    def test_live_cycle_memberships_exit_and_come_back(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        states = self.states("spp.cycle.membership")
        memberships = [self.takes_part(ana, state) for state in states]
        neighbour = self.takes_part(self.registrant("Ben"))
        event = self.process("death", {"UIN": "U-1"})
        for membership, state in zip(memberships, states, strict=True):
            expected = "exited" if state in const.LIVE_MEMBERSHIPS else state
            self.assertEqual(membership.state, expected)
        self.assertEqual(neighbour.state, "enrolled")
        self.reverse(event)
        self.assertEqual([membership.state for membership in memberships], states)

    def test_open_entitlements_are_cancelled_with_the_reason_and_come_back(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        states = ["draft", "pending_validation", "approved"]
        entitlements = [self.entitlement(ana, state) for state in states]
        neighbour = self.entitlement(self.registrant("Ben"))
        event = self.process("death", {"UIN": "U-1"})
        self.assertOutcome(event, "applied")
        for entitlement in entitlements:
            self.assertEqual(entitlement.state, "cancelled")
            self.assertIn(event.name, entitlement.message_ids[0].body)
        self.assertEqual(neighbour.state, "approved")
        self.assertIn("open entitlements cancelled", ana.message_ids[0].body)
        self.reverse(event)
        self.assertEqual([entitlement.state for entitlement in entitlements], states)

    def test_what_was_sent_or_paid_is_listed_and_stays(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        states = [s for s in self.states("spp.entitlement") if s not in const.OPEN_ENTITLEMENTS]
        entitlements = {state: self.entitlement(ana, state) for state in states}
        event = self.process("death", {"UIN": "U-1"}, date(2024, 5, 1))
        self.assertEqual([e.state for e in entitlements.values()], states)
        self.assertOutcome(event, "flagged")
        self.assertIn("recovered", event.error_message)
        lines = event.with_user(self.officer).to_recover.splitlines()
        self.assertEqual(len(lines), 2)
        for state in const.GIVEN_ENTITLEMENTS:
            number = f"(entitlement {entitlements[state].id})"
            self.assertTrue(any(number in line for line in lines), state)
        self.assertTrue(all("Pension, May" in line for line in lines))
        call = event._open_alerts("recovery")
        self.assertTrue(call.user_id.has_group("spp_dci_client_crvs.group_crvs_officer"))
        # The event's history is read by more people than the list.
        self.assertNotIn("Pension", call.note)
        self.assertNotIn("Ana", call.note + event.to_recover)
        self.reverse(event)
        self.assertFalse(event.to_recover or event._open_alerts("recovery"))

    def test_what_was_paid_in_the_persons_life_is_theirs(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        paid, sent = self.entitlement(ana, "rdpd2ben"), self.entitlement(ana, "trans2FSP")
        self.env.flush_all()
        self.cr.execute(
            "UPDATE spp_entitlement SET write_date = '2024-04-30 12:00:00' WHERE id = ANY(%s)",
            [(paid | sent).ids],
        )
        self.env.invalidate_all()
        event = self.process("death", {"UIN": "U-1"}, date(2024, 5, 1))
        self.assertIn(f"(entitlement {sent.id})", event.to_recover)
        self.assertNotIn(f"(entitlement {paid.id})", event.to_recover)

    def test_without_a_date_everything_is_listed(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        paid = self.entitlement(ana, "rdpd2ben")
        event = self.process("death", {"UIN": "U-1"}, None)
        self.assertIn(f"(entitlement {paid.id})", event.to_recover)

    def test_another_registrys_word_for_the_same_death_lists_nothing_again(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.entitlement(ana, "rdpd2ben")
        self.process("death", {"UIN": "U-1"})
        again = self.store(self.vital("death", {"UIN": "U-1"}), sender=self.other_sender)
        again.process_event()
        self.assertOutcome(again, "no_effect")
        self.assertFalse(again.to_recover or again._open_alerts("recovery"))

    def test_household_keeps_its_own(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        group = self.registrant("Household", is_group=True)
        self.env["spp.group.membership"].create({"group": group.id, "individual": ana.id})
        entitlement, membership = self.entitlement(group), self.takes_part(group)
        self.process("death", {"UIN": "U-1"})
        self.assertEqual((entitlement.state, membership.state), ("approved", "enrolled"))

    def test_undo_leaves_and_lists_what_was_changed_since(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        expired, approved = self.entitlement(ana), self.entitlement(ana)
        membership = self.takes_part(ana)
        event = self.process("death", {"UIN": "U-1"})
        expired.state = "expired"
        membership.state = "not_eligible"
        self.reverse(event)
        self.assertEqual((expired.state, approved.state), ("expired", "approved"))
        self.assertEqual(membership.state, "not_eligible")
        self.assertEqual(
            {(entry["model"], entry["id"]) for entry in event.not_restored},
            {("spp.entitlement", expired.id), ("spp.cycle.membership", membership.id)},
        )
        self.assertIn("Pension, May", event.error_message)

    def test_what_the_programme_module_refuses_is_flagged(self):
        for model, make in (
            ("spp.entitlement", self.entitlement),
            ("spp.cycle.membership", self.takes_part),
            ("spp.program.membership", self.member),
        ):
            with self.subTest(model):
                ids = [{"UIN": f"{model}-{number}"} for number in range(2)]
                ana, ben = (self.registrant(ids=some) for some in ids)
                stubborn, other = make(ana), make(ben)
                events = self.store(*(self.vital("death", some) for some in ids))
                kind = type(stubborn)
                write = kind.write

                def refuse(records, values, stubborn=stubborn, write=write):
                    if stubborn in records:
                        raise UserError("The cycle is closed")
                    return write(records, values)

                with patch.object(kind, "write", refuse):
                    self.run_due()
                self.assertEqual(events.mapped("outcome"), ["flagged", "applied"])
                self.assertIn("by hand", events[0].error_message)
                self.assertTrue(ana.disabled and ben.disabled)
                self.assertIn(stubborn.state, ("approved", "enrolled"))
                self.assertIn(other.state, ("cancelled", "exited"))
                self.assertNotIn(model, {c["model"] for c in events[0].changes})

    def test_many_deaths_cost_no_query_each(self):
        def queries(count, prefix):
            for number in range(count):
                ids = {"UIN": f"{prefix}-{number}"}
                ana = self.registrant(f"{prefix} {number}", ids=ids)
                self.member(ana)
                self.takes_part(ana)
                for state in ("draft", "approved", "rdpd2ben"):
                    self.entitlement(ana, state)
                self.store(self.vital("death", ids))
            self.env.flush_all()
            before = self.cr.sql_log_count
            events = self.run_due()
            self.env.flush_all()
            self.assertEqual(events.mapped("outcome"), ["flagged"] * count)
            return self.cr.sql_log_count - before

        self.sender.max_deaths_per_hour = 10_000
        queries(2, "warm")
        few, many = queries(5, "few"), queries(50, "many")
        self.assertLess(many - few, 20, (few, many))
