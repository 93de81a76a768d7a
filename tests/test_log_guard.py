import logging
import unittest

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
