import threading
import time
from copy import copy
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged

from ..services import DCIAuthenticationError, DCIClient, DCIUnavailableError, token
from .common import ClientCase, everything_logged
from .registry_server import Reply


class TokenCase(ClientCase):
    def setUp(self):
        super().setUp()
        self.use_oauth2()

    def ask(self):
        self.client.search_by_id("UIN", "1")
        return self.server.requests[-1].bearer

    def forget(self):
        """Be another worker, which has only the database in common with this one."""
        token._memory.clear()


@tagged("post_install", "-at_install")
class TestToken(TokenCase):
    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()

    def test_credentials_in_the_body(self):
        self.assertEqual(self.ask(), "token-1")
        [request] = self.server.token_requests
        self.assertEqual(request.query, {})
        self.assertEqual(
            request.form,
            {
                "grant_type": "client_credentials",
                "client_id": "our client",
                "client_secret": f"s3cret&{self.id()}",
                "scope": "read",
            },
        )

    def test_credentials_in_the_query(self):
        self.source.oauth2_credential_location = "query"
        with everything_logged() as lines:
            self.assertEqual(self.ask(), "token-1")
        [request] = self.server.token_requests
        self.assertEqual(request.body, b"")
        self.assertEqual(request.query["client_secret"], f"s3cret&{self.id()}")
        self.assertEqual(request.query["grant_type"], "client_credentials")
        self.assertNotIn("s3cret", "\n".join(lines))
        self.assertTrue(any("urllib3" in line for line in lines), "the filter is narrow")

    def test_credentials_in_the_query_stay_out_of_errors(self):
        self.source.write(
            {
                "oauth2_credential_location": "query",
                "oauth2_token_url": "http://127.0.0.1:1/token",
            }
        )
        with (
            everything_logged() as lines,
            self.assertRaises(DCIUnavailableError) as caught,
        ):
            self.ask()
        error = caught.exception
        chain = [str(error)]
        while error := error.__cause__ or error.__context__:
            chain.append(str(error))
        self.assertNotIn("s3cret", "\n".join(lines + chain))
        self.assertTrue(any("No access token" in line for line in lines))

    def test_one_token_for_many_requests(self):
        self.assertEqual([self.ask() for _ in range(3)], ["token-1"] * 3)
        self.assertEqual(len(self.server.token_requests), 1)

    def test_shared_with_other_workers(self):
        self.ask()
        self.forget()
        self.assertEqual(self.ask(), "token-1")
        self.assertEqual(len(self.server.token_requests), 1)

    def test_changed_credentials_ask_anew(self):
        self.ask()
        self.source.oauth2_client_secret = f"another {self.id()}"
        self.assertEqual(self.ask(), "token-2")

    def test_renewed_before_expiry(self):
        self.server.expires_in = 100  # a tenth of it is the margin
        self.ask()
        now = time.time()
        with patch.object(token.time, "time", lambda: now + 85):
            self.assertEqual(self.ask(), "token-1")
        with patch.object(token.time, "time", lambda: now + 95):
            self.assertEqual(self.ask(), "token-2")

    def test_lifetimes(self):
        for said, seconds in (
            (3600, 3600),
            ("600", 600),
            (None, 300),
            ("soon", 300),
            (True, 300),
            (-5, 300),
            (10**8, 86400),
        ):
            self.server.expires_in = said
            fetched = self.source._get_token_store()._fetch()
            self.assertAlmostEqual(fetched.expires_at - time.time(), seconds, delta=5, msg=said)
            self.assertLess(fetched.refresh_at, fetched.expires_at)

    def test_refused_token_is_replaced_once(self):
        self.ask()
        self.server.replies = [Reply(401)]
        self.assertEqual(self.ask(), "token-2")
        bodies = {request.body for request in self.server.requests[-2:]}
        self.assertEqual(len(bodies), 1, "the same envelope")
        self.server.replies = [Reply(401)] * 5
        before = len(self.server.requests)
        with self.assertRaises(DCIAuthenticationError):
            self.ask()
        self.assertEqual(len(self.server.requests) - before, 2)
        self.assertEqual(len(self.server.token_requests), 3)

    def test_a_refused_token_that_another_worker_replaced(self):
        self.ask()
        old = dict(token._memory)
        self.server.replies = [Reply(401)]
        self.ask()
        token._memory.update(old)
        self.server.replies = [Reply(401)]
        self.assertEqual(self.ask(), "token-2")
        self.assertEqual(len(self.server.token_requests), 2)

    def test_busy_token_server(self):
        self.server.token_replies = [Reply(503), Reply(429)]
        self.assertEqual(self.ask(), "token-3")
        self.server.token_replies = [Reply(503)] * 10
        self.source.oauth2_scope = "other"
        with self.assertRaises(DCIUnavailableError):
            self.ask()

    def test_no_token_in_the_answer(self):
        for reply in (
            Reply(400, b'{"error": "invalid_client"}'),
            Reply(401),
            Reply(200, b"<html>"),
            Reply(200, b"[]"),
            Reply(200, b"{}"),
            Reply(200, b'{"access_token": 5}'),
            Reply(200, b'{"access_token": ""}'),
            Reply(200, b'{"access_token": "two parts"}'),
            Reply(200, b'{"access_token": "a\\r\\nX-Injected: yes"}'),
        ):
            self.server.token_replies = [reply]
            with self.assertRaises(DCIAuthenticationError) as caught:
                self.ask()
            self.assertIn("token URL", str(caught.exception))
            self.assertEqual(caught.exception.status_code, reply.status)
        self.assertFalse(self.server.requests)

    def test_expired_rows_are_removed(self):
        tokens = self.env["spp.dci.access.token"]
        tokens.search([]).unlink()
        two_hours_ago = time.time() - 7200
        with patch.object(token.time, "time", lambda: two_hours_ago):
            self.ask()
        self.source.oauth2_scope = "live"
        self.ask()
        self.assertEqual(tokens.search_count([]), 2)
        tokens._gc_expired()
        self.assertEqual(tokens.search_count([]), 1)


@tagged("post_install", "-at_install")
class TestTokenBetweenWorkers(TokenCase):
    """With real transactions: threads that share nothing but the database stand for workers."""

    def setUp(self):
        super().setUp()
        self.store = self.source._get_token_store()
        self.remove_token_afterwards()

    def run_workers(self, count):
        """:return: the tokens that as many workers got, who began at the same time."""
        barrier, tokens = threading.Barrier(count), []

        def work():
            with self.registry.cursor() as cr:
                # A copy, since others cannot see a data source that was not committed.
                store = copy(self.store)
                store._env = api.Environment(cr, SUPERUSER_ID, {})
                barrier.wait()
                tokens.append(store.get())

        class NoMemory(dict):
            def __setitem__(self, key, value):
                pass

        with patch.object(token, "_memory", NoMemory()):
            threads = [threading.Thread(target=work) for _ in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return tokens

    def test_no_stampede(self):
        self.server.token_delay = 0.5
        self.assertEqual(self.run_workers(8), ["token-1"] * 8)
        self.assertEqual(len(self.server.token_requests), 1)

    def test_nobody_waits_while_the_old_token_lives(self):
        self.store.get()
        self.server.token_delay = 1
        soon = time.time() + 3600 - 10
        with patch.object(token.time, "time", lambda: soon):
            began = time.monotonic()
            tokens = self.run_workers(4)
        self.assertEqual(sorted(tokens), ["token-1"] * 3 + ["token-2"])
        self.assertLess(time.monotonic() - began, 2)
        self.assertEqual(len(self.server.token_requests), 2)

    def test_waiting_has_an_end(self):
        number = int(self.store._key[:15], 16)
        with self.registry.cursor() as cr, patch.object(token, "LOCK_SECONDS", 1):
            cr.execute("SELECT pg_advisory_xact_lock(%s)", (number,))
            with self.assertRaises(DCIUnavailableError), self.assertNoLogs("odoo.sql_db"):
                DCIClient(self.source, self.env).search_by_id("UIN", "1")
        self.assertFalse(self.server.token_requests)
