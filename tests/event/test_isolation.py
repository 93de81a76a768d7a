"""One event that breaks down is its own failure: the others of the backlog are applied."""

import logging
from contextlib import contextmanager, suppress
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models import mixins
from ...models.event import event_queue
from ..helpers.committed import CommittedCase

TRIGGER = """
CREATE FUNCTION spp_test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {body}; RETURN NEW; END $$;
CREATE {kind} spp_test_refuse {when} UPDATE ON {table} {deferred}
   FOR EACH ROW WHEN (NEW.id = {row}) EXECUTE FUNCTION spp_test_refuse();
"""
LOCK = 20261126
EVENT_LOG = "odoo.addons.spp_dci_client_crvs.models.event.event"
QUEUE_LOG = "odoo.addons.spp_dci_client_crvs.models.event.event_queue"
MIXIN_LOG = "odoo.addons.spp_dci_client_crvs.models.mixins"


@tagged("post_install", "-at_install")
class TestIsolation(CommittedCase):
    def setUp(self):
        super().setUp()
        # Conflicts are tried again many times, each a little later.
        self.startPatcher(patch.object(mixins.time, "sleep"))
        with self.transaction() as env:
            for person in range(4):
                self.store(env, "death", person, "2024-05-01")

    @contextmanager
    def refusing(self, body, deferred=False, event=None):
        """Have PostgreSQL do something whenever the second registrant, or an event, is written."""
        statement = TRIGGER.format(
            body=body,
            kind="CONSTRAINT TRIGGER" if deferred else "TRIGGER",
            when="AFTER" if deferred else "BEFORE",
            deferred="DEFERRABLE INITIALLY DEFERRED" if deferred else "",
            table="spp_dci_crvs_event" if event else "res_partner",
            row=event.id if event else self.person_ids[1],
        )
        with self.transaction() as env:
            env.cr.execute(statement)
        try:
            yield
        finally:
            with self.transaction() as env:
                env.cr.execute("DROP FUNCTION spp_test_refuse CASCADE")

    def run_backlog(self):
        with self.transaction() as env, mute_logger(EVENT_LOG, MIXIN_LOG, "odoo.sql_db"):
            env["spp.dci.crvs.event"]._cron_process_backlog()

    def assert_only_one_failed(self):
        with self.transaction() as env:
            events = self.events(env)
            failed = events[1]
            self.assertEqual((events - failed).mapped("outcome"), ["applied"] * 3)
            self.assertEqual(
                (failed.state, failed.error_kind, failed.attempts), ("error", "technical", 1)
            )
            self.assertGreater(failed.next_attempt, fields.Datetime.now())
            self.assertFalse(env["res.partner"].browse(self.person_ids[1]).disabled)

    def test_whatever_postgresql_says(self):
        for name, state in {
            "statement timeout": "57014",
            "lock timeout": "55P03",
            "disk full": "53100",
            "conflict that never ends": "40001",
            "deadlock that never ends": "40P01",
        }.items():
            for deferred in (False, True):
                with self.subTest(name, deferred=deferred):
                    with self.refusing(f"RAISE EXCEPTION USING ERRCODE = '{state}'", deferred):
                        self.run_backlog()
                    self.assert_only_one_failed()
                self.put_back()

    def put_back(self):
        with self.transaction() as env:
            self.events(env).unlink()
            env["res.partner"].browse(self.person_ids).write(
                {"disabled": False, "death_date": False}
            )
            for person in range(4):
                self.store(env, "death", person, "2024-05-01")

    def test_event_of_a_clock_that_was_ahead(self):
        with self.transaction() as env:
            postponed = self.events(env)[1]
            postponed.next_attempt = fields.Datetime.now() + timedelta(days=365)
        with (
            self.refusing("RAISE EXCEPTION USING ERRCODE = '53100'", event=postponed),
            self.assertLogs(QUEUE_LOG, "WARNING"),
        ):
            self.run_backlog()
        with self.transaction() as env:
            events = self.events(env)
            self.assertEqual((events - events[1]).mapped("outcome"), ["applied"] * 3)
        self.run_backlog()
        with self.transaction() as env:
            self.assertEqual(self.events(env).mapped("outcome"), ["applied"] * 4)

    def test_lock_that_somebody_holds(self):
        self.patch(event_queue, "_LOCK_S", 0.2)
        with self.refusing(f"PERFORM pg_advisory_xact_lock({LOCK})"):
            with self.transaction() as other:
                other.cr.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
                self.run_backlog()
            self.assert_only_one_failed()


@tagged("post_install", "-at_install")
class TestLostConnection(CommittedCase):
    """The connection is cut at each statement of a batch: nothing personal enters the log."""

    victim = None

    def run_cut_at(self, number):
        """Run the scheduler; cut its connection just before a statement.

        :param int number: of the statement, from 1
        :return: whether there were so many
        """
        execute, case, seen = Cursor.execute, self, 0

        def cutting(cursor, *args, **options):
            nonlocal seen
            if cursor is case.victim:
                seen += 1
                if seen == number:
                    with case.transaction() as other:
                        process = cursor._cnx.info.backend_pid
                        other.cr.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
            return execute(cursor, *args, **options)

        self.victim = self.registry.cursor()
        try:
            with patch.object(Cursor, "execute", cutting):
                self.env(cr=self.victim)["spp.dci.crvs.event"]._cron_process_backlog()
        except psycopg2.Error:
            self.assertTrue(self.victim._cnx.closed)
            # Whoever uses the cursor next has Odoo log the statement before.
            with suppress(psycopg2.Error):
                self.victim.execute("SELECT 1")
        finally:
            with suppress(psycopg2.Error):
                self.victim.close()
        return seen >= number

    def test_nothing_personal_is_logged_wherever_it_is_cut(self):
        with self.transaction() as env:
            for person in range(2):
                self.store(env, "death", person, "2024-05-01")
        number = 1
        with (
            self.assertLogs("odoo.sql_db", "DEBUG") as of_statements,
            self.assertLogs("odoo.addons", "DEBUG") as of_addons,
        ):
            logging.getLogger("odoo.addons").debug("There is nothing else to be said here.")
            while self.run_cut_at(number):
                number += 1
        self.assertGreater(number, 20)
        log = "\n".join(of_statements.output + of_addons.output)
        self.assertIn("not shown here", log)
        for planted in ("COMMITTED-", "Committed ", "2024-05-01"):
            self.assertNotIn(planted, log)
        with self.transaction() as env:
            self.assertEqual(self.events(env).mapped("outcome"), ["applied"] * 2)
