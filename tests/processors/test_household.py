from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ... import const
from ..helpers.events import EventCase


class HouseholdCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "spp.group.membership" not in cls.env:
            cls.skipTest(cls, "spp_registry has no group memberships")
        cls.head = cls.env["spp.vocabulary.code"].get_code(const.GROUP_ROLE_NAMESPACE, "head")

    def household(self, *members, head=None, name="Test Household"):
        """Create a group with members.

        :return: the group and the membership of each member
        """
        group = self.registrant(name, is_group=True)
        memberships = self.env["spp.group.membership"].create(
            [
                {
                    "group": group.id,
                    "individual": member.id,
                    "membership_type_ids": self.head.ids if member == head else [],
                    "start_date": "2020-01-01 00:00:00",
                }
                for member in members
            ]
        )
        return group, memberships

    def calls(self, record):
        return self.env["mail.activity"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )

    def reverse(self, event):
        event._reverse("Withdrawn", self.manager)
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestHousehold(HouseholdCase):
    def test_the_dead_leaves_and_the_others_stay(self):
        ana, ben = self.registrant(ids={"UIN": "U-1"}), self.registrant("Ben")
        group, memberships = self.household(ana, ben)
        event = self.process("death", {"UIN": "U-1"})
        self.assertOutcome(event, "applied")
        gone, there = memberships
        self.assertEqual((gone.is_ended, there.is_ended), (True, False))
        self.assertLessEqual(abs(gone.ended_date - fields.Datetime.now()), timedelta(minutes=1))
        self.assertIn("taken out of all groups", ana.message_ids[0].body)
        self.assertIn(event.name, group.message_ids[0].body)
        self.assertNotIn("Ana", group.message_ids[0].body)
        self.assertFalse(self.calls(group))

    def test_every_household_and_no_other_membership(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        live = [self.household(ana, name=f"Household {number}")[1] for number in range(3)]
        _group, over = self.household(ana, name="Former")
        over.ended_date = "2021-01-01 00:00:00"
        _group, archived = self.household(ana, name="Wrong")
        archived.active = False
        _group, coming = self.household(ana, name="Coming")
        coming.start_date = start = datetime(2099, 1, 1)
        _group, ending = self.household(ana, name="Ending")
        ending.ended_date = "2099-01-01 00:00:00"
        self.process("death", {"UIN": "U-1"})
        self.assertEqual([membership.is_ended for membership in live], [True] * 3)
        self.assertEqual(over.ended_date, datetime(2021, 1, 1))
        self.assertFalse(archived.ended_date)
        self.assertEqual(coming.ended_date, start)
        self.assertTrue(ending.is_ended)

    def test_head_calls_an_officer_on_the_household(self):
        ana, ben = self.registrant(ids={"UIN": "U-1"}), self.registrant("Ben")
        group, _memberships = self.household(ana, ben, head=ana)
        other, _memberships = self.household(ana, ben, head=ben, name="Where Ben Is Head")
        event = self.process("death", {"UIN": "U-1"})
        call = self.calls(group)
        self.assertEqual(len(call), 1)
        self.assertTrue(call.user_id.has_group("spp_dci_client_crvs.group_crvs_officer"))
        self.assertIn("head of this group died", call.note)
        self.assertIn(event.name, call.note)
        self.assertNotIn("Ana", call.note)
        self.assertFalse(self.calls(other))

    def test_programmes_of_the_household_are_told_and_go_on(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        own = self.member(ana)
        group, _memberships = self.household(ana, self.registrant("Ben"))
        of_household = self.member(group)
        ended = self.member(group, "exited")
        event = self.process("death", {"UIN": "U-1"})
        self.assertEqual((own.state, of_household.state), ("exited", "enrolled"))
        self.assertFalse(of_household.exit_date)
        call = self.calls(group)
        self.assertIn(of_household.program_id.name, call.note)
        self.assertNotIn(ended.program_id.name, call.note)
        told = of_household.program_id.message_ids[0].body
        self.assertIn("Test Household", told)
        self.assertIn(event.name, told)
        self.assertFalse(ended.program_id.message_ids.filtered(lambda m: event.name in m.body))

    def test_twice_changes_and_calls_nothing_more(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        group, membership = self.household(ana, head=ana)
        self.process("death", {"UIN": "U-1"})
        ended = membership.ended_date
        again = self.store(self.vital("death", {"UIN": "U-1"}), sender=self.other_sender)
        again.process_event()
        self.assertOutcome(again, "no_effect")
        self.assertEqual(membership.ended_date, ended)
        self.assertEqual(len(self.calls(group)), 1)

    def test_undo_puts_back(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        group, membership = self.household(ana, head=ana)
        _group, ending = self.household(ana, name="Ending")
        ending.ended_date = "2099-01-01 00:00:00"
        of_household = self.member(group)
        event = self.process("death", {"UIN": "U-1"})
        mine = group.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.manager.id, note="Visit them"
        )
        self.reverse(event)
        self.assertFalse(event.not_restored)
        self.assertFalse(membership.ended_date)
        self.assertEqual(ending.ended_date, datetime(2099, 1, 1))
        self.assertEqual(self.calls(group), mine)
        for told in (group, of_household.program_id):
            self.assertIn("the member is back", told.message_ids[0].body)

    def test_undo_leaves_and_lists_what_was_changed_since(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        _group, corrected = self.household(ana, name="Corrected")
        group, left = self.household(ana, name="Came Back")
        event = self.process("death", {"UIN": "U-1"})
        corrected.ended_date = "2024-04-30 00:00:00"
        self.env["spp.group.membership"].create({"group": group.id, "individual": ana.id})
        self.reverse(event)
        self.assertEqual(corrected.ended_date, datetime(2024, 4, 30))
        self.assertTrue(left.is_ended)  # else she would be in the group twice
        self.assertEqual(
            {(entry["model"], entry["id"]) for entry in event.not_restored},
            {("spp.group.membership", corrected.id), ("spp.group.membership", left.id)},
        )
        self.assertIn("End Date", event.error_message)
        self.assertNotIn("Came Back", event.error_message)
        self.assertFalse(ana.disabled)

    def test_undo_of_one_of_two_deaths_in_a_household(self):
        ana, ben = self.registrant(ids={"UIN": "U-1"}), self.registrant("Ben", ids={"UIN": "U-2"})
        group, memberships = self.household(ana, ben, head=ana)
        self.member(group)
        first = self.process("death", {"UIN": "U-1"})
        second = self.process("death", {"UIN": "U-2"})
        self.assertEqual(len(self.calls(group)), 2)
        self.reverse(first)
        self.assertEqual([m.is_ended for m in memberships], [False, True])
        self.assertIn(second.name, self.calls(group).note)

    def test_what_the_registry_of_persons_refuses_is_flagged(self):
        ana, ben = self.registrant(ids={"UIN": "U-1"}), self.registrant("Ben", ids={"UIN": "U-2"})
        group, stubborn = self.household(ana, head=ana)
        _group, membership = self.household(ben, name="Another")
        events = self.store(
            self.vital("death", {"UIN": "U-1"}), self.vital("death", {"UIN": "U-2"})
        )
        memberships = type(stubborn)
        write = memberships.write

        def refuse(records, values):
            if stubborn in records:
                raise ValidationError("Not this one")
            return write(records, values)

        with patch.object(memberships, "write", refuse):
            self.run_due()
        self.assertEqual(events.mapped("outcome"), ["flagged", "applied"])
        self.assertIn("by hand", events[0].error_message)
        self.assertTrue(ana.disabled and ben.disabled)
        self.assertEqual((stubborn.is_ended, membership.is_ended), (False, True))
        self.assertNotIn("spp.group.membership", {c["model"] for c in events[0].changes})
        self.assertFalse(self.calls(group))

    def test_many_deaths_cost_no_query_each(self):
        def queries(count, prefix):
            for number in range(count):
                ids = {"UIN": f"{prefix}-{number}"}
                ana = self.registrant(f"{prefix} {number}", ids=ids)
                group, _memberships = self.household(ana, head=ana)
                self.member(group)
                self.store(self.vital("death", ids))
            self.env.flush_all()
            before = self.cr.sql_log_count
            events = self.run_due()
            self.env.flush_all()
            self.assertEqual(events.mapped("outcome"), ["applied"] * count)
            return self.cr.sql_log_count - before

        self.sender.max_deaths_per_hour = 10_000
        queries(2, "warm")
        few, many = queries(5, "few"), queries(50, "many")
        self.assertLess(many - few, 20, (few, many))
