import logging
import unittest

import psycopg2

from odoo.addons.spp_dci_client_crvs.services.log_guard import describe, statements_hidden

_cursor_logger = logging.getLogger("odoo.sql_db")


class QueryError(Exception):
    pgcode = "23505"


class TestLogGuard(unittest.TestCase):
    def _bad_query(self):
        _cursor_logger.error("bad query: %s\nERROR: %s", "INSERT 'Amina'", QueryError("Amina"))

    def test_failing_statement_is_named_not_shown(self):
        with self.assertLogs("odoo.sql_db", "ERROR") as logs, statements_hidden():
            self._bad_query()
        self.assertNotIn("Amina", logs.output[0])
        self.assertIn("QueryError (SQLSTATE 23505)", logs.output[0])

    def test_debug_statements_are_dropped(self):
        with self.assertLogs("odoo.sql_db", "DEBUG") as logs:
            with statements_hidden():
                _cursor_logger.debug("query: %s", "SELECT 'Amina'")
            _cursor_logger.debug("query: %s", "SELECT 1")
        self.assertEqual(len(logs.output), 1)

    def test_outside_the_statement_is_shown(self):
        with self.assertLogs("odoo.sql_db", "ERROR") as logs:
            with statements_hidden():
                pass
            self._bad_query()
        self.assertIn("INSERT", logs.output[0])

    def test_description_has_no_text_of_the_error(self):
        self.assertEqual(describe(ValueError("Amina")), "ValueError")
        self.assertEqual(describe(QueryError("Amina")), "QueryError (SQLSTATE 23505)")

    def test_statement_on_our_tables_is_hidden_everywhere(self):
        statement = b"UPDATE spp_dci_crvs_event SET identifier_value = 'Amina'"
        with self.assertLogs("odoo.sql_db", "DEBUG") as logs:
            for query in (statement, statement.decode()):
                _cursor_logger.error("bad query: %s\nERROR: %s", query, QueryError("Amina"))
                _cursor_logger.debug("[%.3f ms] query: %s", 1.0, query)
        self.assertEqual(len(logs.output), 2)
        self.assertNotIn("Amina", "".join(logs.output))

    def test_statement_before_a_lost_connection_is_hidden_everywhere(self):
        for error in (psycopg2.InterfaceError("closed"), psycopg2.OperationalError("closed")):
            with self.assertLogs("odoo.sql_db", "ERROR") as logs:
                _cursor_logger.error("bad query: %s\nERROR: %s", b"SELECT 'Amina'", error)
            self.assertNotIn("Amina", logs.output[0])
