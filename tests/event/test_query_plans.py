"""No statement of a scheduler, and none on a message's way in, reads a whole table that grows."""

import json
import os
from datetime import date, timedelta

from odoo import fields
from odoo.tests import tagged

from ...services import signature
from ...services.wire import envelope as envelopes
from ..helpers.callback import header, item, notification
from ..helpers.events import EventCase
from ..helpers.plans import plans_of

# A million in a thorough run.
ROWS = int(os.environ.get("SPP_TEST_ROWS", 20_000))
GROWING = (
    "spp_dci_crvs_event",
    "spp_dci_crvs_event_wait",
    "spp_dci_crvs_message",
    "spp_dci_crvs_request",
    "spp_dci_crvs_check_line",
    "spp_dci_crvs_undo_line",
    "spp_registry_id",
    "spp_program_membership",
    "res_partner",
)


@tagged("post_install", "-at_install")
class TestQueryPlans(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fill()

    def setUp(self):
        super().setUp()
        # What is filled in is gone afterwards.
        self.patch(self.env.cr, "commit", self.env.cr.flush)

    @classmethod
    def fill(cls):
        """Fill every table that grows, in SQL, for years past."""
        cr, rows = cls.env.cr, ROWS
        uin = cls.env["spp.vocabulary.code"].search([("code", "=", "UIN")], limit=1)
        cls.check = cls.env["spp.dci.crvs.check"].create(
            {
                "name": "Check",
                "data_source_id": cls.source.id,
                "user_id": cls.env.uid,
                "effect": "report",
                "state": "done",
            }
        )
        values = {
            "rows": rows,
            "company": cls.env.company.id,
            "uin": uin.id,
            "sender": cls.sender.id,
            "source": cls.source.id,
            "check": cls.check.id,
            "undo": cls.env["spp.dci.crvs.undo"]
            .create(
                {
                    "sender_id": cls.other_sender.id,
                    "since": "2020-01-01",
                    "reason": "Long ago",
                    "started_by": cls.env.uid,
                    "state": "done",
                }
            )
            .id,
            "program": cls.env["spp.program"].create({"name": "Many"}).id,
            "origin": f"sender/{cls.sender.id}",
        }
        for statement in FILLING:
            # Foreign keys are looked up with plans that were made while the tables were small.
            cr.execute("DISCARD PLANS")
            cr.execute(statement, values)
        cr.execute(f"ANALYZE {', '.join(GROWING)}")

    def assert_quick(self, work, whole=()):
        with plans_of(GROWING, ROWS // 20, whole) as found:
            work()
            self.env.flush_all()
        slow = sorted({f"{table}: {' '.join(text.split())}" for table, text in found})
        self.assertFalse(slow, "\n\n".join(slow))

    def test_processing(self):
        self.registrant(ids={"UIN": "U-1"})
        self.registrant(ids={"UIN": "U-2"})
        self.store(
            self.vital("death", {"UIN": "U-1", "DRN": "D-1"}),
            self.vital("birth", {"UIN": "U-2", "BRN": "B-1"}, date(2001, 1, 1)),
            self.vital("marriage", {"UIN": "U-2", "MRN": "M-1"}),
            self.vital("death", {"UIN": "nobody"}),
        )
        self.assert_quick(self.events._cron_process_backlog)

    def test_receiving(self):
        def receive():
            # A message, the same again, and the same content in another one.
            for message_id in ("m-1", "m-1", "m-2"):
                body["header"]["message_id"] = message_id
                envelope = envelopes.parse(json.dumps(body).encode())
                verified = signature.unsigned(envelope, self.sender.sender_id)
                origin = inbox._find_origin(envelope)
                message = inbox._claim(verified, origin)
                if message:
                    message._take(verified, origin)
                    message._write_evidence(verified, None)
                else:
                    inbox._find_duplicate(origin.sender, envelope)._count_duplicate()

        inbox = self.env["spp.dci.crvs.message"].sudo()
        head = header(sender_id=self.sender.sender_id)
        content = notification(item(identifiers=[("UIN", "1")], death_date="2026-11-01"))
        body = {"header": head, "message": content}
        self.assert_quick(receive)

    def test_identifier_that_is_added(self):
        self.assert_quick(lambda: self.registrant(ids={"UIN": "new"}))

    def test_undoing(self):
        self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"})
        run = self.env["spp.dci.crvs.undo"]._start(
            self.sender, fields.Datetime.now() - timedelta(minutes=1), "Wrong"
        )
        self.assert_quick(self.env["spp.dci.crvs.undo"]._cron_run)
        self.assertEqual(event.outcome, "reversed")
        self.assertEqual(run.state, "done")

    def test_upkeep_of_subscriptions(self):
        self.env["spp.dci.crvs.subscription"].search([]).write({"state": "cancelled"})
        self.env["spp.dci.crvs.subscription"].create(
            [
                {
                    "data_source_id": self.source.id,
                    "event_type": event_type,
                    "state": "active",
                    "reference_id": event_type,
                    "active_date": fields.Datetime.now(),
                }
                # One of which much has come, and one of which nothing has.
                for event_type in ("death", "divorce")
            ]
        )
        self.assert_quick(self.env["spp.dci.crvs.subscription"]._cron_upkeep)

    def test_results_of_checks(self):
        check = self.check.copy({"state": "running", "effect": "events"})
        check.env["spp.dci.crvs.check.line"].create(
            {"check_id": check.id, "partner_id": self.registrant().id, "result": "waiting"}
        )
        self.assert_quick(self.env["spp.dci.crvs.check"]._cron_process)
        self.assertEqual(check.state, "done")
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        found = {}
        self.assert_quick(
            lambda: found.update(self.events._ids_by_digest(event.origin, [event.digest, "other"]))
        )
        self.assertEqual(found, {event.digest: event.id})

    def test_what_needs_somebody(self):
        def look():
            self.events.count_needs_me()
            self.env["spp.dci.crvs.overview"].create({}).read()
            self.events.search([("needs_me", "=", True)], order="received_date", limit=80)

        # Of few rows, all of which are counted.
        self.assert_quick(look, ("spp_dci_crvs_event_to_do", "spp_dci_crvs_event_due"))

    def test_housekeeping(self):
        for model, method in (
            ("spp.dci.crvs.event", "_gc_event_data"),
            ("spp.dci.crvs.event", "_gc_unmatched"),
            ("spp.dci.crvs.event", "_watch_scheduler"),
            ("spp.dci.crvs.message", "_gc_bodies"),
            ("spp.dci.crvs.message", "_gc_messages"),
            ("spp.dci.crvs.request", "_gc_requests"),
            ("spp.dci.crvs.request", "_gc_ended"),
            ("spp.dci.crvs.check", "_gc_lines"),
            ("spp.registry.id", "_mend_missing_keys"),
        ):
            with self.subTest(model, method=method):
                self.assert_quick(getattr(self.env[model], method))


FILLING = (
    """
    INSERT INTO res_partner (id, name, complete_name, commercial_partner_id, company_id, active,
                             is_registrant, is_group, is_company, partner_share, type, lang,
                             create_uid, write_uid, create_date, write_date)
    SELECT id, 'Person ' || id, 'Person ' || id, id, %(company)s, TRUE, TRUE, FALSE, FALSE, TRUE,
           'contact', 'en_US', 1, 1, now(), now()
      FROM (SELECT nextval('res_partner_id_seq') AS id
              FROM generate_series(1, %(rows)s)) AS person
    """,
    """
    INSERT INTO spp_registry_id (partner_id, id_type_id, value, crvs_key, crvs_rough_key,
                                 create_uid, write_uid, create_date, write_date)
    SELECT id, %(uin)s, 'N-' || id, 'N-' || id, 'N' || id, 1, 1, now(), now()
      FROM res_partner WHERE name LIKE 'Person %%'
    """,
    """
    INSERT INTO spp_program_membership (partner_id, program_id, state,
                                        create_uid, write_uid, create_date, write_date)
    SELECT id, %(program)s, 'enrolled', 1, 1, now(), now()
      FROM res_partner WHERE name LIKE 'Person %%'
    """,
    """
    INSERT INTO spp_dci_crvs_message (sender_id, message_id, digest, kind, outcome,
                                      correlation_id, received_date, duplicate_count, create_date)
    SELECT %(sender)s, 'old-' || n, 'digest-' || n, 'notify', 'stored', 'c-' || n,
           now() - interval '1 hour' - interval '3 years' * (1 - n::float / %(rows)s), 0, now()
      FROM generate_series(1, %(rows)s) AS n
    """,
    """
    INSERT INTO spp_dci_crvs_event (
        digest, origin, name, event_type, identifier_type, identifier_value, person_id, sender_id,
        data_source_id, source, state, outcome, error_kind, standing, received_date, version_time,
        processed_date, attempts, duplicate_count, active, registration_number, create_uid,
        create_date, write_uid, write_date, message_id)
    SELECT 'digest-' || n, %(origin)s, 'OLD/' || n,
           (ARRAY['birth', 'death', 'marriage'])[n %% 3 + 1],
           'UIN', 'N-' || person.id, CASE WHEN n %% 100 > 0 THEN person.id END, %(sender)s,
           %(source)s, (ARRAY['notification', 'pull'])[n %% 2 + 1],
           CASE WHEN n %% 100 > 0 THEN 'processed' ELSE 'error' END,
           CASE WHEN n %% 100 > 0 THEN 'applied' END,
           CASE WHEN n %% 100 = 0 THEN 'no_match' END,
           CASE WHEN n %% 100 > 0 THEN 'applied' ELSE 'no_match' END,
           message.received_date, message.received_date,
           CASE WHEN n %% 100 > 0 THEN message.received_date END,
           1, 0, TRUE, NULL, 1, now(), 1, now(), message.id
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM res_partner
             WHERE name LIKE 'Person %%') AS person
      JOIN (SELECT id, received_date, row_number() OVER (ORDER BY id) AS n
              FROM spp_dci_crvs_message WHERE message_id LIKE 'old-%%') AS message USING (n)
    """,
    """
    INSERT INTO spp_dci_crvs_event_wait (event_id, id_type_id, key)
    SELECT id, %(uin)s, identifier_value FROM spp_dci_crvs_event
     WHERE origin = %(origin)s
    """,
    """
    INSERT INTO spp_dci_crvs_undo_line (undo_id, event_id, result)
    SELECT %(undo)s, id, 'restored' FROM spp_dci_crvs_event WHERE origin = %(origin)s
    """,
    """
    INSERT INTO spp_dci_crvs_request (transaction_id, "references", data_source_id, purpose, state,
                                      answered_date, expires_date, create_date)
    SELECT 'old-' || n, '{}', %(source)s, 'death', 'done', now() - n * interval '1 second',
           now(), now()
      FROM generate_series(1, %(rows)s) AS n
    """,
    """
    INSERT INTO spp_dci_crvs_check_line (check_id, partner_id, result, create_uid, create_date,
                                         write_uid, write_date)
    SELECT %(check)s, id, 'not_dead', 1, now(), 1, now()
      FROM res_partner WHERE name LIKE 'Person %%'
    """,
)
