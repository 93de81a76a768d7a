from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestAccess(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, login="crvs_clerk", groups="base.group_user")

    def setUp(self):
        super().setUp()
        self.ana = self.registrant(ids={"UIN": "U-1"})
        self.event = self.store(self.vital("death", {"UIN": "U-1"}))

    def test_nobody_creates_changes_or_deletes_events(self):
        for user in (self.clerk, self.viewer, self.officer, self.manager):
            event = self.event.with_user(user)
            with self.assertRaises(AccessError):
                event.create({"event_type": "death"})
            with self.assertRaises(AccessError):
                event.write({"person_id": self.ana.id})
            with self.assertRaises(AccessError):
                event.unlink()

    def test_who_only_reads_writes_nothing_into_the_history(self):
        auditor = new_test_user(
            self.env, "crvs_auditor", groups="spp_dci_client_crvs.group_crvs_auditor"
        )
        subscription = self.env["spp.dci.crvs.subscription"].create(
            {
                "data_source_id": self.source.id,
                "event_type": "death",
                "state": "active",
                "reference_id": "R-1",
            }
        )
        for record, allowed in ((self.event, self.officer), (subscription, self.manager)):
            record.with_user(allowed).message_post(body="Looked at it.")
            for user in (self.viewer, auditor):
                with self.assertRaises(AccessError):
                    record.with_user(user).message_post(body="I was here.")
                with self.assertRaises(AccessError):
                    record.with_user(user).activity_schedule(
                        "mail.mail_activity_data_todo", user_id=user.id
                    )
                self.assertTrue(record.with_user(user).message_ids.read(["body"]))

    def test_who_sees_what(self):
        with self.assertRaises(AccessError):
            self.event.with_user(self.clerk).read(["name"])
        self.event.with_user(self.viewer).read(["name", "identifier_shown", "event_date"])
        self.event.with_user(self.officer).read(["identifier_value"])
        for user in (self.viewer, self.officer):
            for field in ("raw_data", "changes", "raw_text"):
                with self.assertRaises(AccessError):
                    self.event.with_user(user).read([field])
        self.event.with_user(self.manager).read(["raw_data", "changes"])

    def test_public_methods_refuse_who_may_not(self):
        for user, methods in (
            (
                self.clerk,
                (
                    "process_event",
                    "action_retry_processing",
                    "action_release",
                    "action_reverse",
                    "action_reassign",
                ),
            ),
            (
                self.viewer,
                (
                    "process_event",
                    "action_retry_processing",
                    "action_release",
                    "action_reverse",
                    "action_reassign",
                ),
            ),
            (self.officer, ("action_release", "action_reverse", "action_reassign")),
        ):
            for method in methods:
                with self.subTest(user=user.login, method=method), self.assertRaises(AccessError):
                    getattr(self.event.with_user(user), method)()
        self.assertFalse(self.ana.disabled)
        self.assertEqual(self.event.state, "received")

    def test_processors_refuse_who_may_not_and_what_is_no_event(self):
        processor = self.env["spp.dci.crvs.processor.death"]
        for user in (self.clerk, self.viewer):
            with self.assertRaises(AccessError):
                processor.with_user(user).process(self.event)
        for wrong in ([self.event.id], self.event.id, self.ana, None):
            with self.assertRaises(ValidationError):
                processor.process(wrong)
        with self.assertRaises(ValidationError):
            self.env["spp.dci.crvs.processor.birth"].process(self.event)
        self.assertEqual(self.event.state, "received")

    def test_processor_processes_a_recordset(self):
        ben = self.registrant("Ben", ids={"UIN": "U-2"})
        events = self.event | self.store(self.vital("death", {"UIN": "U-2"}))
        self.assertIs(self.env["spp.dci.crvs.processor.death"].process(events), True)
        self.assertTrue(self.ana.disabled and ben.disabled)

    def test_officer_without_registry_rights_can_process(self):
        self.assertIs(self.event.with_user(self.officer).process_event(), True)
        self.assertEqual(self.event.processed_by, self.officer)
        self.assertEqual(self.ana.disabled_by, self.processor_user)

    def test_wizards_check_who_confirms(self):
        self.event.process_event()
        reverse = self.env["spp.dci.crvs.event.reverse"].create(
            {"event_ids": [Command.set(self.event.ids)], "reason": "test"}
        )
        other = self.registrant("Ben")
        reassign = self.env["spp.dci.crvs.event.reassign"].create(
            {"event_id": self.event.id, "person_id": other.id, "reason": "test"}
        )
        start = self.env["spp.dci.crvs.stolen.key"].create(
            {"sender_id": self.sender.id, "since": "2020-01-01", "reason": "test"}
        )
        for wizard in (reverse, reassign, start):
            for user in (self.clerk, self.officer):
                with self.assertRaises(AccessError):
                    wizard.with_user(user).action_confirm()
        self.assertTrue(self.ana.disabled)

    def test_data_of_the_waiting_table_is_for_nobody(self):
        for user in (self.clerk, self.officer, self.manager):
            with self.assertRaises(AccessError):
                self.env["spp.dci.crvs.event.wait"].with_user(user).search([])
