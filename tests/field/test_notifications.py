"""What goes wrong in the field, pushed through the callback: one test a rule at the least.

What counts is what became of the registrant, not only what the event says.
"""

import json
from datetime import date, timedelta
from itertools import permutations

from odoo import fields
from odoo.tests import tagged

from ..helpers.callback import CallbackCase, header, notification
from ..helpers.events import EventCase


def number(kind, value):
    return {"identifier_type": kind, "identifier_value": value}


def vital(kind="death", ids=(("UIN", "F-1"),), timestamp="2026-11-20T10:00:00Z", **record):
    """One item of a notification; what the record needs otherwise comes by name."""
    identifier = [number(*one) for one in ids]
    around = record.pop("around", {})
    return {
        "reference_id": f"{kind}-{ids}-{timestamp}",
        "timestamp": timestamp,
        **around,
        "data": {"reg_event_type": kind, "reg_records": {"identifier": identifier, **record}},
    }


@tagged("post_install", "-at_install")
class TestNotifications(CallbackCase, EventCase):
    def push(self, *items):
        """Push items in one message, process them, and return their events."""
        before = self.events.with_context(active_test=False).search([]).ids
        self.assertAccepted(self.post(self.sign(notification(*items), header())))
        self.env.invalidate_all()
        events = self.events.search([("id", "not in", before)], order="id")
        self.run_due()
        return events

    def ana(self, **values):
        values = {"ids": {"UIN": "F-1"}, "birthdate": date(1960, 3, 9), **values}
        return self.registrant("Ana Field", **values)

    def assertDead(self, partner, day=date(2024, 5, 1)):
        self.assertTrue(partner.disabled)
        self.assertEqual(partner.death_date or None, day)

    def assertAlive(self, *partners):
        for partner in partners:
            self.assertFalse(partner.disabled or partner.death_date)

    def assertUntouched(self, event, kind, *partners):
        """It waits for an officer, who reads why without personal data, and nobody changed."""
        self.assertError(event, kind)
        self.assertTrue(event.error_message)
        for text in ("F-1", "1931", "Ana"):
            self.assertNotIn(text, event.error_message)
        self.assertAlive(*partners)

    def undo(self, event, action=None):
        action = action or event.with_user(self.manager).action_reverse()
        wizard = self.env["spp.dci.crvs.event.reverse"].with_user(self.manager)
        wizard.with_context(**action["context"]).create({"reason": "She lives."}).action_confirm()
        self.env.invalidate_all()

    # === WHETHER TWO NUMBERS ARE THE SAME === #

    def test_rule_1_normal_form(self):
        for ours, theirs in (
            ("7700 11", "\u200e7700\u00a0 11\ufeff"),
            ("９９-1", "99-1"),
            ("٤٥٦", "456"),
            ("AB-1", " AB-1 "),
        ):
            partner = self.registrant(ids={"UIN": ours})
            self.push(vital(ids=(("UIN", theirs),), death_date="2024-05-01"))
            self.assertDead(partner)
            self.assertEqual(self.numbers(partner, "UIN"), [ours], "shown as it was written")

    def test_rule_2_almost_the_same_makes_a_candidate(self):
        for ours, theirs in (
            ("AB123", "ab123"),
            ("12-34-5", "12345"),
            ("00787", "787"),
            ("1/2.3 4", "1234"),
        ):
            partner = self.registrant(ids={"UIN": ours})
            event = self.push(vital(ids=(("UIN", theirs),), death_date="2024-05-01"))
            self.assertUntouched(event, "no_match", partner)
            self.assertEqual(event.candidate_ids.person_id, partner)

    def test_rule_3_placeholders_identify_nobody(self):
        for filler in ("N/A", "none", "Unknown", "-", "000000000", "999", "xxx", "?", "TEST"):
            partner = self.registrant(ids={"UIN": filler})
            event = self.push(vital(ids=(("UIN", filler),), death_date="2024-05-01"))
            with self.subTest(filler):
                self.assertEqual(event.state, "error")
                self.assertAlive(partner)
            partner.active = False
        # One that fills a field contradicts nobody either.
        ana = self.ana(ids={"UIN": "F-1", "BRN": "N/A"})
        self.push(vital(ids=(("UIN", "F-1"), ("BRN", "B-9")), death_date="2024-05-01"))
        self.assertDead(ana)

    def test_rule_3_the_list_can_be_extended(self):
        partner = self.registrant(ids={"UIN": "PENDING"})
        self.env["ir.config_parameter"].set_param(
            "spp_dci_client_crvs.placeholder_numbers", "pending, see file"
        )
        self.push(vital(ids=(("UIN", "Pending"),), death_date="2024-05-01"))
        self.assertAlive(partner)

    def test_rule_4_a_json_number_needs_the_birth_date(self):
        ana = self.ana(ids={"UIN": "123"})
        event = self.push(vital(ids=(("UIN", 123),), death_date="2024-05-01"))
        self.assertUntouched(event, "ambiguous", ana)
        self.push(vital(ids=(("UIN", 123),), death_date="2024-05-01", birth_date="1960-03-09"))
        self.assertDead(ana)

    def test_rule_5_an_unusable_identifier_is_left_out(self):
        for wrong in ({"x": 1}, ["1"], True, 1.5, "9" * 101):
            ana = self.ana(ids={"UIN": f"F-{type(wrong).__name__}"})
            ids = (("UIN", f"F-{type(wrong).__name__}"), ("BRN", wrong))
            event = self.push(vital(ids=ids, death_date="2024-05-01"))
            self.assertDead(ana)
            self.assertOutcome(event, "flagged")

    # === WHO IS MEANT === #

    def test_rule_6_a_number_of_a_relative_identifies_nobody(self):
        shared = number("UIN", "R-0")
        for position, relation in enumerate(
            (
                {"parent1_identifier": shared},
                {"spouse": {"identifier": shared}},
                {"relations": [{"@type": "x:Informant", "identifier": shared}]},
                {"informant": {"identifier": [shared]}},
            )
        ):
            shared["identifier_value"] = f"R-{position}"
            mother = self.registrant(ids={"UIN": f"R-{position}"})
            event = self.push(
                vital(ids=(("UIN", f"R-{position}"),), death_date="2024-05-01", **relation)
            )
            with self.subTest(position):
                self.assertUntouched(event, "ambiguous", mother)

    def test_rule_7_a_child_is_not_disabled_for_an_old_man(self):
        child = self.ana(birthdate=date(2013, 4, 4))
        event = self.push(vital(death_date="2024-05-01", birth_date="1931-01-20"))
        self.assertUntouched(event, "ambiguous", child)
        self.assertIn("decade", event.error_message)

    def test_rule_7_a_mother_is_not_disabled_for_her_infant(self):
        mother = self.ana()
        event = self.push(vital(death_date="2024-05-01", birth_date="2024-04-20"))
        self.assertUntouched(event, "ambiguous", mother)

    def test_rule_7_a_newborn_under_the_mothers_number(self):
        mother = self.ana()
        event = self.push(vital("birth", (("UIN", "F-1"), ("BRN", "B-1")), birth_date="2024-04-20"))
        self.assertError(event, "ambiguous")
        self.assertEqual(mother.birthdate, date(1960, 3, 9))
        self.assertFalse(self.numbers(mother, "BRN"))

    def test_rule_7_what_agrees(self):
        for ours, theirs in (
            ({}, "1960-03-09"),
            ({}, "1960-09-03"),
            ({}, "1962-01-01"),
            ({"birthdate_not_exact": True}, "1965-07-07"),
            ({"birthdate": date(1960, 1, 1)}, "1955-07-07"),
        ):
            ana = self.ana(**ours)
            event = self.push(vital(death_date="2024-05-01", birth_date=theirs))
            with self.subTest(ours, theirs=theirs):
                self.assertDead(ana)
            event.active = False
            ana.active = False
            ana.reg_ids.unlink()

    def test_rule_7_another_sex(self):
        man, woman = self.code("1", "urn:iso:std:iso:5218"), self.code("2", "urn:iso:std:iso:5218")
        ana = self.ana(gender_id=woman.id)
        event = self.push(vital(death_date="2024-05-01", sex="male", birth_date="1961-05-05"))
        self.assertUntouched(event, "ambiguous", ana)
        event = self.push(vital(death_date="2024-05-01", sex="male", birth_date="1960-03-09"))
        self.assertOutcome(event, "flagged")
        self.assertDead(ana)
        ben = self.registrant("Ben", ids={"UIN": "F-2"}, gender_id=man.id)
        self.push(vital(ids=(("UIN", "F-2"),), death_date="2024-05-01", sex="M"))
        self.assertDead(ben)

    def test_rule_7_the_numbers_are_the_senders(self):
        ana = self.ana()
        self.sender.birth_years_contradict = 30
        self.push(vital(death_date="2024-05-01", birth_date="1985-01-20"))
        self.assertDead(ana)

    def test_rule_7_an_officer_decides_otherwise(self):
        ana = self.ana()
        event = self.push(vital(death_date="2024-05-01", birth_date="1931-01-20"))
        event.forced_person_id = ana
        event.process_event()
        self.assertDead(ana)

    def test_rule_8_a_death_before_the_birth(self):
        ana = self.ana()
        event = self.push(vital(death_date="1959-05-01"))
        self.assertUntouched(event, "ambiguous", ana)
        event = self.push(vital(death_date="1970-05-01", birth_date="1971-01-01"))
        self.assertUntouched(event, "ambiguous", ana)

    def test_rule_9_the_events_own_number(self):
        ana = self.ana()
        other = self.registrant("Other", ids={"DRN": "D-1"})
        event = self.push(vital(ids=(("UIN", "F-1"), ("DRN", "D-1")), death_date="2024-05-01"))
        self.assertOutcome(event, "flagged")
        self.assertDead(ana)
        self.assertAlive(other)
        self.assertFalse(self.numbers(ana, "DRN"))
        alone = self.registrant("Alone", ids={"BRN": "B-7"})
        self.push(vital("birth", (("BRN", "B-7"),), birth_date="2001-02-03"))
        self.assertEqual(alone.birthdate, date(2001, 2, 3))

    def test_rule_10_the_informant_is_not_dead(self):
        ana, informant = self.ana(), self.registrant("Son", ids={"UIN": "F-9"})
        event = vital(death_date="2024-05-01")
        dead = event["data"]["reg_records"]
        event["data"]["reg_records"] = [
            {"identifier": [number("UIN", "F-9")], "role": "informant"},
            dead,
            {"identifier": [number("UIN", "F-9")], "@type": "x:Witness"},
        ]
        self.push(event)
        self.assertDead(ana)
        self.assertAlive(informant)

    def test_rule_11_other_names_of_id_types(self):
        for name in ("NID", "NIN", "NATIONAL_ID", "NationalId", "UIN"):
            partner = self.registrant(ids={"national_id": f"N-{name}"})
            self.push(vital(ids=((name, f"N-{name}"),), death_date="2024-05-01"))
            self.assertDead(partner)
        born = self.registrant(ids={"birth_certificate": "BC-1"})
        self.push(vital("birth", (("BIRTH_REGISTRATION_NUMBER", "BC-1"),), birth_date="2001-02-03"))
        self.assertEqual(born.birthdate, date(2001, 2, 3))

    # === DATES === #

    def test_rule_12_a_death_without_a_date(self):
        for position, written in enumerate(
            ("", "0000-00-00", "1900-01-01", "9999-12-31", "unknown", "2024", "2024-05", 0)
        ):
            partner = self.registrant(ids={"UIN": f"D-{position}"})
            event = self.push(vital(ids=(("UIN", f"D-{position}"),), death_date=written))
            with self.subTest(written):
                self.assertDead(partner, None)
                self.assertOutcome(event, "flagged")
                self.assertFalse(event.event_date)

    def test_rule_12_a_birth_without_a_full_date(self):
        baby = self.registrant(ids={"UIN": "F-1"})
        event = self.push(vital("birth", (("UIN", "F-1"), ("BRN", "B-1")), birth_date="2020"))
        self.assertOutcome(event, "flagged")
        self.assertFalse(baby.birthdate)
        self.assertEqual(self.numbers(baby, "BRN"), ["B-1"])
        ana = self.registrant(ids={"UIN": "F-2"}, birthdate=date(1960, 3, 9))
        event = self.push(vital("birth", (("UIN", "F-2"), ("BRN", "B-2")), birth_date="2020"))
        self.assertError(event, "ambiguous")
        self.assertFalse(self.numbers(ana, "BRN"))
        old = self.registrant(ids={"UIN": "F-3"})
        event = self.push(vital("birth", (("UIN", "F-3"),), birth_date="1970-01-01"))
        self.assertOutcome(event, "flagged")
        self.assertEqual(old.birthdate, date(1970, 1, 1))

    def test_rule_12_unambiguous_spellings(self):
        for position, written in enumerate(
            ("2024-5-1", "2024-05-01T10:00:00+1", "2024-05-01T10:00:00+02:35:20", "2024/05/01")
        ):
            partner = self.registrant(ids={"UIN": f"S-{position}"})
            self.push(vital(ids=(("UIN", f"S-{position}"),), death_date=written))
            self.assertDead(partner)

    def test_rule_13_the_future(self):
        ana = self.ana()
        today = fields.Date.today()
        event = self.push(vital(death_date=str(today + timedelta(days=2))))
        self.assertEqual(event.state, "received")
        self.assertAlive(ana)
        event = self.push(vital(death_date="2567-05-01"))
        self.assertUntouched(event, "invalid", ana)

    def test_rule_14_constraints_of_the_base_are_answered_in_words(self):
        late = self.registrant(ids={"UIN": "F-1"}, registration_date=date(2020, 1, 1))
        event = self.push(vital("birth", (("UIN", "F-1"),), birth_date="2021-01-01"))
        self.assertNotEqual(event.error_kind, "technical")
        self.assertFalse(late.birthdate)
        self.code("BRN").sudo().with_context(install_mode=True).id_validation = r"BRN-\d+"
        ben = self.registrant(ids={"UIN": "F-2"})
        event = self.push(vital("birth", (("UIN", "F-2"), ("BRN", "odd")), birth_date="2019-01-01"))
        self.assertOutcome(event, "flagged")
        self.assertEqual((ben.birthdate, self.numbers(ben, "BRN")), (date(2019, 1, 1), []))

    # === WHAT IS A DEATH AT ALL === #

    def test_rule_16_a_stillbirth_is_nobodys_death(self):
        mother = self.ana()
        for change in (
            {"reg_event_type": "fetal_death"},
            {"reg_type": "x:FoetalDeath"},
            {"reg_record_type": "Stillbirth"},
        ):
            item = vital(death_date="2024-05-01")
            item["data"].update(change)
            self.push(item)
        self.push(vital(death_date="2024-05-01", type="fetal_death"))
        self.push(vital(death_date="2024-05-01", **{"@type": "x:StillBirth"}))
        self.assertAlive(mother)

    # === VERSIONS OF THE TRUTH === #

    def test_rule_19_withdrawn(self):
        for position, change in enumerate(
            (
                {"status": "cancelled"},
                {"registration_status": "REVOKED"},
                {"update_reason": "entered-in-error"},
                {"active": False},
                {"around": {"life_event_status": "annulled"}},
            )
        ):
            ids = (("UIN", f"W-{position}"),)
            ana = self.registrant(ids=dict(ids))
            death = self.push(vital(ids=ids, death_date="2024-05-01"))
            self.assertDead(ana)
            event = self.push(
                vital(ids=ids, death_date="2024-05-01", timestamp="2026-11-21T10:00:00Z", **change)
            )
            with self.subTest(change):
                self.assertError(event, "invalid")
                self.assertEqual(event.withdraws_id, death)
                self.assertDead(ana)
        event = self.push(vital("DEATH_REVOKED", ids, timestamp="2026-11-22T10:00:00Z"))
        self.assertEqual(event.withdraws_id, death)
        self.undo(event, event.with_user(self.manager).action_undo_withdrawn())
        self.assertAlive(ana)

    def test_rule_19_a_withdrawal_that_comes_first(self):
        ana = self.ana()
        self.push(
            vital(death_date="2024-05-01", timestamp="2026-11-21T10:00:00Z", status="cancelled")
        )
        self.push(vital(death_date="2024-05-01"))
        self.assertAlive(ana)

    def test_rule_20_other_names(self):
        for position, name in enumerate(
            (
                *("DeathUpdated", "DEATH_CORRECTED", "LateDeathRegistration", "InfantDeath"),
                *("NeonatalDeath", "MaternalDeath", "PresumedDeath", "delayed_death"),
            )
        ):
            partner = self.registrant(ids={"UIN": f"X-{position}"})
            self.push(vital(name, (("UIN", f"X-{position}"),), death_date="2024-05-01"))
            self.assertDead(partner)
        ana = self.ana()
        event = self.push(vital("DeathOfADynasty", death_date="2024-05-01"))
        self.assertUntouched(event, "invalid", ana)

    def versions(self, uin):
        return [
            vital(
                ids=(("UIN", uin),),
                death_date=f"2024-05-0{number}",
                timestamp=f"2026-11-2{number}T10:00:00Z",
            )
            for number in (1, 2, 3)
        ]

    def test_rule_21_three_versions_in_any_order_end_the_same(self):
        for position, order in enumerate(permutations(range(3))):
            for split in ("one message", "three messages"):
                uin = f"V-{position}-{split[0]}"
                partner = self.registrant(ids={"UIN": uin})
                versions = self.versions(uin)
                items = [versions[index] for index in order]
                if split == "one message":
                    self.push(*items)
                else:
                    for item in items:
                        self.push(item)
                with self.subTest(order, split=split):
                    self.assertDead(partner, date(2024, 5, 3))

    def test_rule_21_back_to_the_first(self):
        ana = self.ana()
        for number, day in enumerate(("2024-05-01", "2024-05-02", "2024-05-01"), 1):
            self.push(vital(death_date=day, timestamp=f"2026-11-2{number}T10:00:00Z"))
        self.assertDead(ana, date(2024, 5, 1))

    def test_rule_22_an_undo_holds(self):
        ana = self.ana()
        death = self.push(vital(death_date="2024-05-01"))
        self.undo(death)
        self.assertAlive(ana)
        again = self.push(vital(death_date="2024-05-02", timestamp="2026-11-25T10:00:00Z"))
        self.assertEqual(again.state, "received")
        self.assertTrue(again.hold_reason)
        self.assertAlive(ana)
        self.assertFalse(death.active, "who searches the events of a person finds it no more")

    def test_rule_22_an_undo_takes_back_all_versions(self):
        ana = self.ana()
        self.push(vital(death_date="2024-05-01"))
        corrected = self.push(vital(death_date="2024-05-03", timestamp="2026-11-21T10:00:00Z"))
        self.assertDead(ana, date(2024, 5, 3))
        self.undo(corrected)
        self.run_due()
        self.assertAlive(ana)

    def test_rule_22_enabled_again_by_hand(self):
        ana = self.ana()
        self.push(vital(death_date="2024-05-01"))
        ana.enable_registrant()
        again = self.push(vital(death_date="2024-05-02", timestamp="2026-11-25T10:00:00Z"))
        self.assertTrue(again.hold_reason)
        self.assertFalse(ana.disabled)

    def test_rule_23_a_divorce_from_somebody_else(self):
        ana, ben = self.ana(), self.registrant("Ben", ids={"UIN": "F-2"})
        cem = self.registrant("Cem", ids={"UIN": "F-3"})
        spouse = {"spouse": {"identifier": [number("UIN", "F-2")]}}
        self.push(vital("marriage", marriage_date="2020-01-01", **spouse))
        self.assertEqual((ana | ben).civil_status_id, self.civil_status("M"))
        stranger = {"spouse": {"identifier": [number("UIN", "F-3")]}}
        event = self.push(vital("divorce", divorce_date="2021-01-01", **stranger))
        self.assertOutcome(event, "flagged")
        self.assertEqual((ana | ben).civil_status_id, self.civil_status("M"))
        self.assertFalse(cem.civil_status_id)
        event = self.push(vital("divorce", divorce_date="2022-01-01", marital_status="M", **spouse))
        self.assertOutcome(event, "flagged")
        self.assertEqual((ana | ben).civil_status_id, self.civil_status("M"))

    def test_rule_24_a_widow_is_proposed(self):
        ana, ben = self.ana(), self.registrant("Ben", ids={"UIN": "F-2"})
        spouse = {"spouse": {"identifier": [number("UIN", "F-2")]}}
        self.push(vital("marriage", marriage_date="2020-01-01", **spouse))
        self.push(vital(death_date="2024-05-01"))
        self.assertDead(ana)
        self.assertEqual(ben.civil_status_id, self.civil_status("M"), "proposed, not applied")
        self.assertTrue(
            self.env["mail.activity"].search_count(
                [("res_model", "=", "res.partner"), ("res_id", "=", ben.id)]
            )
        )

    def test_rule_25_merged_contacts(self):
        ana, twin = self.ana(), self.registrant("Ana F.", ids={"passport": "P-1"})
        member = self.member(twin)
        death = self.push(vital(death_date="2024-05-01"))
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((ana | twin).ids, twin)
        self.env.invalidate_all()
        self.assertEqual(death.person_id, twin)
        self.assertTrue(twin.disabled)
        self.run_due()
        self.assertEqual(member.state, "exited")

    # === HOUSEHOLDS === #

    def test_rule_26_and_27_households_and_entitlements(self):
        if "spp.program" not in self.env:
            self.skipTest("spp_programs is not installed")
        ana = self.ana()
        household = self.env["res.partner"].create(
            {"name": "House", "is_registrant": True, "is_group": True}
        )
        membership = self.env["spp.group.membership"].create(
            {"group": household.id, "individual": ana.id, "start_date": "2020-01-01 00:00:00"}
        )
        program = self.env["spp.program"].create({"name": "Food"})
        cycle = self.env["spp.cycle"].create({"name": "May", "program_id": program.id})
        member = self.env["spp.program.membership"].create(
            {"partner_id": ana.id, "program_id": program.id, "state": "enrolled"}
        )
        entitlements = self.env["spp.entitlement"].create(
            [
                {"partner_id": ana.id, "cycle_id": cycle.id, "initial_amount": 10, "state": state}
                for state in ("draft", "approved", "trans2FSP")
            ]
        )
        death = self.push(vital(death_date="2024-05-01"))
        self.assertTrue(membership.ended_date)
        self.assertEqual(member.state, "exited")
        self.assertEqual(entitlements.mapped("state"), ["cancelled", "cancelled", "trans2FSP"])
        self.undo(death)
        self.assertFalse(membership.ended_date)
        self.assertEqual(member.state, "paused", "people decide when payments go on")
        self.assertEqual(entitlements.mapped("state"), ["draft", "approved", "trans2FSP"])

    def test_nothing_of_a_person_stands_in_what_everybody_reads(self):
        self.ana()
        event = self.push(vital(death_date="soon", birth_date="1931-01-20", name="Ana Field"))
        for text in ("1931", "Ana", "soon", "F-1"):
            self.assertNotIn(text, json.dumps(event.error_message or ""))
