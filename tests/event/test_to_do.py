"""What is left for people to do, who can, and how it is closed."""

from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ... import const
from ...models.event.event_todo import TO_DECIDE, TO_REVIEW
from ..helpers.events import EventCase


class ToDoCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = new_test_user(
            cls.env, "crvs_auditor", groups="spp_dci_client_crvs.group_crvs_auditor"
        )

    def unmatched(self, kind="death", day=None, **values):
        return self.process(kind, {"UIN": "NOBODY-1"}, day or date.today(), **values)

    def flagged(self):
        """A death with another number than the registrant's."""
        self.registrant(ids={"UIN": "F-1", "DRN": "D-OLD"})
        event = self.process("death", {"UIN": "F-1", "DRN": "D-NEW"})
        self.assertOutcome(event, "flagged")
        return event

    def review(self, events, user=None, remark="Looked into it."):
        action = events.with_user(user or self.officer).action_review()
        wizard = self.env[action["res_model"]].with_user(user or self.officer)
        wizard = wizard.with_context(**action["context"]).create({"remark": remark})
        return wizard.action_confirm()


@tagged("post_install", "-at_install")
class TestStanding(ToDoCase):
    def test_every_situation_has_a_standing(self):
        event = self.store(self.vital("death", {"UIN": "X"}))
        stood = set()
        for state, outcome, error_kind in (
            *(("received", outcome, False) for outcome in (False, "scheduled", "held")),
            ("processing", False, False),
            *(
                ("error", False, kind)
                for kind, _label in self.events._fields["error_kind"].selection
            ),
            *(
                ("processed", outcome, False)
                for outcome, _label in self.events._fields["outcome"].selection
            ),
        ):
            event.write(
                {
                    "state": state,
                    "outcome": outcome,
                    "error_kind": error_kind,
                    "next_attempt": False,
                }
            )
            stood.add(event.standing)
        event.write({"state": "error", "error_kind": "technical", "next_attempt": "2030-01-01"})
        stood.add(event.standing)
        for outcome, state in (("flagged", "processed"), (False, "error")):
            event.write({"state": state, "outcome": outcome, "reviewed_date": "2026-01-01"})
            stood.add(event.standing)
        self.assertEqual(
            stood, {value for value, _label in self.events._fields["standing"].selection}
        )

    def test_stored_and_computed_in_sql_are_the_same(self):
        self.unmatched()
        self.flagged()
        self.store(self.vital("death", {"UIN": "WAITS"}))
        self.env.flush_all()
        expected = {event.id: event.standing for event in self.events.search([])}
        self.env.cr.execute("UPDATE spp_dci_crvs_event SET standing = NULL")
        self.events._fill_standing(SQL("TRUE"))
        self.env.cr.execute("SELECT id, standing FROM spp_dci_crvs_event WHERE active")
        self.assertEqual(dict(self.env.cr.fetchall()), expected)

    def test_intake_stores_it(self):
        event = self.store(self.vital("death", {"UIN": "X"}))
        self.env.cr.execute("SELECT standing FROM spp_dci_crvs_event WHERE id = %s", [event.id])
        self.assertEqual(self.env.cr.fetchone(), ("waiting",))

    def test_next_step_is_a_sentence_for_each(self):
        event = self.store(self.vital("death", {"UIN": "X"}))
        self.assertEqual(event.next_step, "It is processed within a few minutes.")
        event = self.unmatched()
        self.assertIn("choose who is meant", event.next_step)
        event.write({"state": "error", "error_kind": "technical"})
        self.assertIn("tried again at", event.next_step)


@tagged("post_install", "-at_install")
class TestNeedsMe(ToDoCase):
    def test_who_can_act_on_what(self):
        mine = {
            self.viewer: (),
            self.auditor: (),
            self.officer: TO_REVIEW,
            self.manager: TO_DECIDE,
        }
        events = self.unmatched() | self.flagged()
        held = self.store(self.vital("death", {"UIN": "H"}))
        held._hold("brake")
        for user, standings in mine.items():
            found = self.events.with_user(user).search(
                [("needs_me", "=", True), ("id", "in", (events | held).ids)]
            )
            expected = (events | held).filtered(
                lambda event, kinds=standings: event.standing in kinds
            )
            self.assertEqual(found.sudo(), expected.sorted("id", reverse=True), user.login)
            for event in (events | held).with_user(user):
                self.assertEqual(event.needs_me, event.id in found.ids)
        self.assertEqual(self.events.with_user(self.viewer).count_needs_me(), 0)
        before = self.events.with_user(self.officer).count_needs_me()
        self.review(events)
        self.assertEqual(self.events.with_user(self.officer).count_needs_me(), before - len(events))

    def test_name_finds_who_was_notified_and_who_may_be_meant(self):
        unknown = self.unmatched(given_name="Zora", surname="Unheard")
        self.registrant("Bela Twin", ids={"UIN": "TWIN-1"})
        self.registrant("Cora Twin", ids={"BRN": "TWIN-2"})
        unclear = self.process("death", {"UIN": "TWIN-1", "BRN": "TWIN-2"}, date.today())
        self.assertError(unclear, "ambiguous")
        for text, event in (("unheard zora", unknown), ("cora twin", unclear)):
            for user, found in (
                (self.officer, event),
                (self.auditor, event),
                (self.viewer, event.browse()),
            ):
                events = self.events.with_user(user)
                with self.subTest(text, user=user.login):
                    self.assertEqual(events.search([("anything", "ilike", text)]), found)
        self.assertTrue(unclear.has_candidates)
        self.assertFalse(unknown.has_candidates)

    def test_empty_list_tells_nothing_to_do_from_nothing_received(self):
        help_message = "<p>Nothing was ever received</p>"
        here = self.events.with_context(search_default_needs_me=1)
        self.events.with_context(active_test=False).search([]).unlink()
        self.assertIn("ever received", here.get_empty_list_help(help_message))
        self.flagged()
        self.assertIn("Nothing needs you", here.get_empty_list_help(help_message))
        self.assertIn("ever received", self.events.get_empty_list_help(help_message))

    def test_one_box_finds_by_person_number_reference_and_registry(self):
        ana = self.registrant("Ana Box", ids={"UIN": "BOX-12345"})
        event = self.process("death", {"UIN": "BOX-12345"})
        other = self.process("death", {"UIN": "ELSE"})
        for text in ("ana box", "BOX-12345", "ox-123", "BOX-１2345", event.name):
            with self.subTest(text):
                found = self.events.with_user(self.officer).search([("anything", "ilike", text)])
                self.assertIn(event, found)
                self.assertNotIn(other, found)
        self.assertIn(event, self.events.search([("anything", "ilike", event.sender_id.name)]))
        viewing = self.events.with_user(self.viewer)
        self.assertFalse(viewing.search([("anything", "ilike", "BOX-12345")]))
        self.assertEqual(viewing.search([("anything", "ilike", "ana box")]), event)
        self.assertEqual(event.person_id, ana)


@tagged("post_install", "-at_install")
class TestReview(ToDoCase):
    def test_flagged_and_failed_events_are_closed_with_a_remark(self):
        events = self.unmatched() | self.flagged()
        self.review(events, remark="Asked the registry.")
        self.assertEqual(events.mapped("standing"), ["set_aside", "reviewed"])
        self.assertEqual(events.reviewed_by, self.officer)
        self.assertEqual(set(events.mapped("review_remark")), {"Asked the registry."})
        self.assertEqual(events.mapped("state"), ["error", "processed"])
        self.assertEqual(events[1].outcome, "flagged")
        self.assertFalse(events._open_alerts("attention"))
        self.assertIn("Reviewed by", events[1].message_ids[0].body)

    def test_needs_a_remark_and_something_to_review(self):
        event = self.flagged()
        with self.assertRaises(UserError):
            self.review(event, remark="  ")
        self.assertEqual(event.standing, "flagged")
        self.assertEqual(self.review(event)["params"]["message"], "1 reviewed.")
        with self.assertRaises(UserError):
            self.review(event)
        with self.assertRaises(AccessError):
            self.flagged_by_viewer()

    def flagged_by_viewer(self):
        self.events.with_user(self.viewer).action_review()

    def test_two_officers_close_it_once(self):
        event = self.flagged()
        action = event.with_user(self.officer).action_review()
        wizards = self.env[action["res_model"]].with_user(self.officer)
        wizards = wizards.with_context(**action["context"])
        first, second = wizards.create([{"remark": "one"}, {"remark": "two"}])
        first.action_confirm()
        with self.assertRaises(UserError):
            second.action_confirm()
        self.assertEqual(event.review_remark, "one")

    def test_what_was_set_aside_is_looked_for_all_the_same(self):
        event = self.unmatched()
        self.assertEqual(self.review(event)["params"]["message"], "1 set aside.")
        event._as_processor()._hasten()
        event._as_processor()._process_batch()
        self.assertEqual((event.standing, event.error_kind), ("set_aside", "no_match"))
        self.assertFalse(event._open_alerts("attention"))
        self.registrant(ids={"UIN": "NOBODY-1"})
        event._as_processor()._process_batch()
        self.assertEqual(event.standing, "applied")

    def test_another_trouble_needs_somebody_again(self):
        event = self.unmatched()
        self.review(event)
        for name in ("One", "Two"):
            self.registrant(name, ids={"UIN": "NOBODY-1"})
        event._as_processor()._process_batch()
        self.assertEqual(event.standing, "ambiguous")
        self.assertFalse(event.reviewed_date)

    def test_nobody_of_these(self):
        event = self.unmatched()
        action = event.with_user(self.officer).action_nobody()
        self.assertIn("Nobody", action["context"]["default_remark"])


@tagged("post_install", "-at_install")
class TestChoosing(ToDoCase):
    def choose(self, event, person, user=None):
        action = event.with_user(user or self.officer).action_reassign()
        wizard = self.env[action["res_model"]].with_user(user or self.officer)
        wizard = wizard.with_context(**action["context"]).create({"person_id": person.id})
        return wizard.action_confirm()

    def test_officer_says_who_is_meant(self):
        event = self.unmatched()
        ana = self.registrant("Ana Chosen")
        action = self.choose(event, ana)
        self.assertOutcome(event, "applied")
        self.assertTrue(ana.disabled)
        self.assertEqual(event.processed_by, self.officer)
        self.assertEqual(action["params"]["type"], "success")
        self.assertIn("chose the registrant", "".join(event.message_ids.mapped("body")))
        self.assertNotIn("Ana", "".join(event.message_ids.mapped("body")))

    def test_candidate_is_one_press(self):
        ones = self.registrant("One", ids={"UIN": "TWICE"}) | self.registrant(
            "Two", ids={"UIN": "TWICE"}
        )
        event = self.process("death", {"UIN": "TWICE"}, date.today())
        self.assertEqual(event.error_kind, "ambiguous")
        second = event.candidate_ids.filtered(lambda one: one.person_id == ones[1])
        second.with_user(self.officer).action_choose()
        self.assertEqual([bool(one.disabled) for one in ones], [False, True])
        self.assertFalse(event.candidate_ids)

    def test_old_death_waits_for_a_manager(self):
        self.env["ir.config_parameter"].set_param(const.PARAM_OFFICER_DEATH_D, "30")
        ana = self.registrant("Ana Old")
        old = self.unmatched(day=date.today() - timedelta(days=32))
        action = self.choose(old, ana)
        self.assertEqual((old.outcome, old.hold_reason), ("held", "chosen"))
        self.assertFalse(ana.disabled)
        self.assertEqual(action["params"]["type"], "warning")
        self.assertTrue(old._open_alerts("held"))
        old.with_user(self.manager).action_release()
        old._as_processor()._process_batch()
        self.assertOutcome(old, "applied")
        self.assertTrue(ana.disabled)

    def test_manager_chooses_old_deaths_at_once(self):
        ana = self.registrant("Ana Old")
        old = self.unmatched(day=date(2001, 1, 1))
        self.choose(old, ana, self.manager)
        self.assertOutcome(old, "applied")

    def test_contradicting_choice_waits_for_a_manager(self):
        child = self.registrant("Child", birthdate=date(2020, 5, 5))
        event = self.process("death", {"UIN": "NOBODY-1"}, date.today(), birth_date="1931-02-02")
        self.choose(event, child)
        self.assertEqual((event.outcome, event.hold_reason), ("held", "chosen"))
        self.assertFalse(child.disabled)

    def test_other_number_of_a_candidate_waits_for_a_manager(self):
        ana = self.registrant(ids={"UIN": "U-1", "BRN": "B-OTHER"})
        event = self.process("death", {"UIN": "U-1", "BRN": "B-1", "DRN": "D-1"}, date.today())
        self.assertError(event, "ambiguous")
        event.candidate_ids.with_user(self.officer).action_choose()
        self.assertEqual((event.outcome, event.hold_reason), ("held", "chosen"))
        event.with_user(self.manager).action_release()
        self.run_due()
        self.assertEqual(event.state, "processed")
        self.assertTrue(ana.disabled)
        self.assertEqual(self.numbers(ana, "DRN"), ["D-1"])

    def test_what_was_undone_before_is_held_though_chosen(self):
        ana = self.registrant("Ana Undone", ids={"UIN": "UNDONE-1"})
        first = self.process("death", {"UIN": "UNDONE-1"}, date.today())
        first._reverse("wrong", self.manager)
        again = self.unmatched(day=date.today())
        self.choose(again, ana)
        self.assertEqual((again.outcome, again.hold_reason), ("held", "repeated"))
        self.assertFalse(ana.disabled)

    def test_held_event_shows_whom_it_is_about_until_it_is_decided(self):
        ana = self.registrant("Ana Undone", ids={"UIN": "UNDONE-2"})
        self.process("death", {"UIN": "UNDONE-2"}, date.today())._reverse("wrong", self.manager)
        held = self.process("death", {"UIN": "UNDONE-2", "DRN": "D-2"}, date.today())
        self.assertEqual((held.outcome, held.person_id), ("held", ana.browse()))
        card = held.candidate_ids.with_user(self.manager)
        self.assertEqual((card.person_id, card.is_held, card.can_choose), (ana, True, False))
        self.assertIn("same number", card.agrees_text)
        self.assertIn("Ana Undone", held.with_user(self.manager).comparison)
        held.with_user(self.manager).action_release()
        self.assertIn("released", held.message_ids[0].body)
        self.run_due()
        self.assertOutcome(held, "applied")
        self.assertFalse(held.candidate_ids)

    def test_chosen_one_of_several_is_marked(self):
        day = date.today() - timedelta(days=5000)
        ones = [self.registrant(f"P{n}", ids={"UIN": "MARK-1"}) for n in range(2)]
        event = self.process("death", {"UIN": "MARK-1"}, day)
        event.candidate_ids[1].with_user(self.officer).action_choose()
        self.assertEqual(event.hold_reason, "chosen")
        self.assertEqual(event.candidate_ids.mapped("is_held"), [False, True])
        self.assertEqual(event.candidate_ids.person_id.ids, [one.id for one in ones])
        other = self.unmatched(day=day)
        self.choose(other, ones[0])
        self.assertTrue(other.candidate_ids.is_held)

    def test_never_apply_takes_what_is_not_applied_alone(self):
        self.registrant(ids={"UIN": "NEVER-1"})
        applied = self.process("death", {"UIN": "NEVER-1"}, date.today())
        waiting = self.unmatched()
        action = (applied | waiting).with_user(self.manager).action_never_apply()
        wizard = self.env[action["res_model"]].with_user(self.manager)
        wizard = wizard.with_context(**action["context"]).create({"reason": "wrong"})
        self.assertEqual((wizard.event_ids, wizard.is_pending), (waiting, True))
        wizard.action_confirm()
        self.assertEqual((waiting.outcome, applied.outcome), ("reversed", "applied"))
        self.assertFalse(wizard.create({"event_ids": applied.ids, "reason": "x"}).is_pending)
        with self.assertRaises(UserError):
            applied.with_user(self.manager).action_never_apply()
        with self.assertRaises(AccessError):
            waiting.with_user(self.officer).action_never_apply()

    def test_what_is_clear_takes_no_choice(self):
        ana = self.registrant("Ana Clear", ids={"UIN": "CLEAR-1"})
        event = self.process("death", {"UIN": "CLEAR-1"}, date.today())
        with self.assertRaises(AccessError):
            self.choose(event, ana)
        wizard = self.env["spp.dci.crvs.event.reassign"].with_user(self.officer)
        with self.assertRaises(AccessError):
            wizard.create({"event_id": event.id, "person_id": ana.id}).action_confirm()
        with self.assertRaises(UserError):
            event.with_user(self.officer)._choose(ana)

    def test_groups_and_strangers_cannot_be_meant(self):
        event = self.unmatched()
        stranger = self.env["res.partner"].create({"name": "No registrant"})
        for partner in (stranger, self.registrant("Household", is_group=True)):
            with self.assertRaises(UserError):
                self.choose(event, partner)
        self.assertEqual(event.error_kind, "no_match")

    def test_card_of_a_candidate(self):
        household = self.registrant("Home", is_group=True)
        ones = [self.registrant(f"P{n}", ids={"UIN": "CARD-1"}) for n in range(2)]
        self.env["spp.group.membership"].create({"group": household.id, "individual": ones[0].id})
        program = self.member(household).program_id
        self.member(ones[1])
        event = self.process("death", {"UIN": "CARD-1"}, date.today())
        cards = {one.person_id: one for one in event.candidate_ids.with_user(self.officer)}
        card = cards[ones[0].with_user(self.officer)]
        self.assertIn("CARD-1", card.numbers)
        self.assertEqual(card.household, "Home")
        self.assertEqual(card.programs, program.display_name)
        self.assertTrue(card.can_choose)
        self.assertFalse(cards[ones[1].with_user(self.officer)].household)


@tagged("post_install", "-at_install")
class TestButtonsSpeak(ToDoCase):
    def message(self, action):
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["message"]

    def test_retry_says_what_is_still_unclear(self):
        event = self.unmatched()
        said = self.message(event.with_user(self.officer).action_retry())
        self.assertIn("Nobody found", said)
        self.registrant(ids={"UIN": "NOBODY-1"})
        self.assertEqual(self.message(event.with_user(self.officer).action_retry()), "Applied")

    def test_retry_of_several_counts(self):
        self.registrant(ids={"UIN": "LATER"})
        events = self.unmatched() | self.flagged()
        said = self.message(events.with_user(self.officer).action_retry())
        self.assertIn("Nobody found", said)  # the flagged one did not fail
        said = self.message(self.flagged_only().with_user(self.officer).action_retry())
        self.assertIn("Nothing to retry", said)

    def flagged_only(self):
        return self.events.search([("standing", "=", "flagged")], limit=1)

    def test_process_now_and_release_say_what_happened(self):
        self.registrant(ids={"UIN": "NOW-1"})
        event = self.store(self.vital("death", {"UIN": "NOW-1"}))
        self.assertEqual(
            self.message(event.with_user(self.officer).action_process_now()), "Applied"
        )
        held = self.store(self.vital("death", {"UIN": "NOW-2"}))
        held._hold("brake")
        self.assertIn("1 released", self.message(held.with_user(self.manager).action_release()))
        self.assertIn("None", self.message(event.with_user(self.manager).action_release()))
        self.assertLessEqual(held.next_attempt, fields.Datetime.now())


@tagged("post_install", "-at_install")
class TestMasked(ToDoCase):
    def test_viewers_see_numbers_and_records_masked(self):
        self.registrant("Ana Masked", ids={"UIN": "SECRET-99"}, birthdate=date(1990, 3, 4))
        event = self.process("death", {"UIN": "SECRET-99"}, name="Ana Masked")
        self.assertEqual(event.with_user(self.viewer).identifier_shown, "•••99")
        for user in (self.officer, self.auditor, self.manager):
            self.assertEqual(event.with_user(user).identifier_shown, "SECRET-99")
            self.assertIn("SECRET-99", event.with_user(user).comparison)
        shown = event.with_user(self.viewer).comparison
        for secret in ("SECRET", "1990", "03-04"):
            self.assertNotIn(secret, shown)
        with self.assertRaises(AccessError):
            event.with_user(self.viewer).read(["identifier_value"])
        with self.assertRaises(AccessError):
            self.events.with_user(self.viewer).search([("identifier_value", "=", "SECRET-99")])

    def test_original_data_is_indented(self):
        event = self.process("death", {"UIN": "INDENT"})
        self.assertIn('\n  "', event.with_user(self.auditor).raw_text)
