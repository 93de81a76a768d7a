from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..services import (
    DCIAnswerError,
    DCIAuthenticationError,
    DCIClientError,
    DCIRefusedError,
    DCIUnavailableError,
    transport,
)
from .common import ClientCase, everything_logged
from .registry_server import Reply

UIN = "4018273645"
BUSY = Reply(503, b"busy")


@tagged("post_install", "-at_install")
class TestClientFailures(ClientCase):
    def ask(self):
        return self.client.search_by_id("UIN", UIN)

    @contextmanager
    def assert_fails(self, kind, *parts):
        """The block raises exactly this kind, in words without payload that name the registry."""
        with everything_logged() as lines, self.assertRaises(kind) as caught:
            yield caught
        error = caught.exception
        self.assertIs(type(error), kind)
        self.assertIsInstance(error, UserError)
        text = str(error)
        for part in ("Test Registry", *parts):
            self.assertIn(part, text)
        self.assertNotIn(UIN, text + "\n".join(lines))
        self.assertFalse(error.__context__, "the library's error quotes URLs")

    def test_busy_registry_is_asked_again(self):
        for status in (429, 500, 502, 503, 504):
            self.server.requests.clear()
            self.server.replies = [Reply(status), Reply(status)]
            self.ask()
            self.assertEqual(len(self.server.requests), 3, status)

    def test_repetitions_send_the_same_bytes(self):
        self.server.replies = [BUSY, BUSY]
        self.ask()
        self.assertEqual(len({request.body for request in self.server.requests}), 1)

    def test_pauses_grow_and_vary(self):
        self.server.replies = [BUSY] * 3
        self.ask()
        for pause, full in zip(self.pauses, (0.5, 1, 2), strict=True):
            self.assertTrue(full / 2 <= pause <= full, self.pauses)
        first = self.pauses[:]
        self.pauses.clear()
        self.server.replies = [BUSY] * 3
        self.ask()
        self.assertNotEqual(self.pauses, first)

    def test_busy_to_the_end(self):
        self.server.replies = [BUSY] * 10
        with self.assert_fails(DCIUnavailableError, "503", "Try again later"):
            self.ask()
        self.assertEqual(len(self.server.requests), transport.ATTEMPTS)

    def test_retry_after_is_honoured(self):
        self.server.replies = [Reply(429, headers={"Retry-After": "3"})]
        self.ask()
        self.assertEqual(self.pauses, [3])

    def test_retry_after_may_be_a_date(self):
        moment = datetime.now(timezone.utc) + timedelta(seconds=9)
        self.server.replies = [Reply(503, headers={"Retry-After": format_datetime(moment)})]
        self.ask()
        self.assertAlmostEqual(self.pauses[0], 9, delta=3)

    def test_retry_after_has_a_limit(self):
        self.source.timeout = 60
        self.server.replies = [Reply(429, headers={"Retry-After": "86400"})]
        self.ask()
        self.assertEqual(self.pauses, [transport.MAX_RETRY_AFTER])

    def test_no_waiting_beyond_the_budget(self):
        self.source.timeout = 1
        self.server.replies = [Reply(429, headers={"Retry-After": "20"})]
        with self.assert_fails(DCIUnavailableError, "429"):
            self.ask()
        self.assertEqual((len(self.server.requests), self.pauses), (1, []))

    def test_other_refusals_are_final(self):
        for status in (400, 404, 409, 410, 422):
            self.server.requests.clear()
            self.server.replies = [Reply(status, f'{{"echo": "{UIN}"}}'.encode())]
            with self.assert_fails(DCIRefusedError, f"HTTP {status}") as caught:
                self.ask()
            self.assertEqual(caught.exception.status_code, status)
            self.assertEqual(len(self.server.requests), 1, status)

    def test_refused_credentials(self):
        for status in (401, 403):
            self.server.requests.clear()
            self.server.replies = [
                Reply(status, b'{"errors": [{"code": "err.sender_id.invalid"}]}')
            ]
            with self.assert_fails(
                DCIAuthenticationError, "credentials", "err.sender_id"
            ) as caught:
                self.ask()
            self.assertEqual(caught.exception.code, "err.sender_id.invalid")
            self.assertEqual(len(self.server.requests), 1)

    def test_only_the_standards_error_codes_are_passed_on(self):
        for body, code in (
            (b'{"message": {"error": {"code": "err.signature.invalid"}}}', "err.signature.invalid"),
            (b'{"errors": [{"code": "rjct.version.invalid"}]}', "rjct.version.invalid"),
            (b'{"errors": [{"code": "4018273645 is not a UIN"}]}', ""),
            (b'{"message": ["err.request.bad"]}', ""),
            (b"<html>", ""),
        ):
            self.server.replies = [Reply(400, body)]
            with self.assert_fails(DCIRefusedError, code) as caught:
                self.ask()
            self.assertEqual(caught.exception.code, code)

    def test_redirects_are_not_followed(self):
        for status in (301, 302, 307, 308):
            self.server.requests.clear()
            self.server.replies = [Reply(status, headers={"Location": "/api/elsewhere"})]
            with self.assert_fails(DCIRefusedError, "has moved"):
                self.ask()
            self.assertEqual(len(self.server.requests), 1)

    def test_answers_that_cannot_be_used(self):
        for body in (b"", b"<html>", b"[1]", b'"text"', b'{"a": ', b"\xff{}", b"[" * 100_000):
            self.server.requests.clear()
            self.server.replies = [Reply(body=body)]
            with self.assert_fails(DCIAnswerError, "cannot be read"):
                self.ask()
            self.assertEqual(len(self.server.requests), 1)

    def test_answers_that_are_too_large(self):
        self.server.replies = [Reply(body=b'{"a": "%s"}' % (b"x" * 5000))]
        with (
            patch.object(transport, "MAX_ANSWER_BYTES", 4999),
            self.assert_fails(DCIAnswerError, "cannot be read"),
        ):
            self.ask()
        self.assertEqual(len(self.server.requests), 1)

    def test_truncated_answers_are_asked_for_again(self):
        self.server.replies = [Reply(send=5)]
        self.assertTrue(self.ask())
        self.assertEqual(len(self.server.requests), 2)
        self.server.replies = [Reply(send=5)] * 10
        with self.assert_fails(DCIUnavailableError):
            self.ask()

    def test_slow_registry(self):
        self.source.timeout = 1
        self.server.replies = [Reply(delay=3)] * 10
        with self.assert_fails(DCIUnavailableError, "in time"):
            self.ask()
        self.assertLessEqual(len(self.server.requests), 2)

    def test_slow_once(self):
        self.source.timeout = 1
        self.server.replies = [Reply(delay=1.5)]
        self.assertTrue(self.ask())

    def test_nobody_listens(self):
        self.source.base_url = "http://127.0.0.1:1"
        with self.assert_fails(DCIUnavailableError, "cannot be reached"):
            self.ask()
        self.assertEqual(len(self.pauses), transport.ATTEMPTS - 1)

    def test_certificate_of_nobody(self):
        self.source.base_url = self.server.url.replace("http://127.0.0.1", "https://127.0.0.1")
        error = transport.requests.exceptions.SSLError("certificate of 4018273645")
        with (
            patch.object(transport.requests.Session, "send", side_effect=error),
            self.assert_fails(DCIUnavailableError, "certificate"),
        ):
            self.ask()
        self.assertFalse(self.pauses)

    def test_every_kind_can_be_caught_as_one(self):
        for kind in (
            DCIAnswerError,
            DCIAuthenticationError,
            DCIRefusedError,
            DCIUnavailableError,
        ):
            self.assertTrue(issubclass(kind, DCIClientError))

    def test_the_callers_transaction_is_left_alone(self):
        partner = self.env["res.partner"].create({"name": "Not Yet Committed"})
        self.env.flush_all()
        with self.registry.cursor() as cr:
            self.use_oauth2()
            self.remove_token_afterwards()
            self.ask()
            cr.execute("SELECT 1 FROM res_partner WHERE id = %s", (partner.id,))
            self.assertFalse(cr.fetchone())
