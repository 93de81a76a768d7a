"""What the base client of OpenSPP does and says, and what becomes of it."""

import logging
from contextlib import contextmanager
from unittest.mock import MagicMock, patch

import httpx

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs.services.asking.base_client import Failure, failure_of
from odoo.addons.spp_dci_client_crvs.services.asking.registry import Registry
from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService

from ..helpers.fake_registry import found, person
from ..helpers.registry import FakeRegistryCase

URL = "https://registry.test/registry/sync/search"
UIN = "847951632"


@contextmanager
def everything_logged():
    """Collect what any logger hands to a handler, at every level, as a list of lines."""
    lines = []

    class Handler(logging.Handler):
        def emit(self, record):
            lines.append(f"{record.levelname} {record.name}: {self.format(record)}")

    names = ("", "odoo", "odoo.addons", "odoo.addons.spp_dci_client", "httpx", "httpcore")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    handler = Handler()
    handler.addFilter(lambda record: record.name != "odoo.sql_db")
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        loggers[0].removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def caused_by(cause):
    """The ``UserError`` that a base client makes of an exception."""
    try:
        raise UserError("The registry does not answer.") from cause
    except UserError as error:
        return error


def refused(status, url=URL, **answer):
    request = httpx.Request("POST", url)
    response = httpx.Response(status, request=request, **answer)
    return caused_by(httpx.HTTPStatusError("refused", request=request, response=response))


@tagged("post_install", "-at_install")
class TestBaseClient(FakeRegistryCase):
    def test_nothing_of_what_was_asked_enters_the_log(self):
        secret = f"nobody bears {UIN}"
        for answer in (
            (400, {"message": secret}),
            (500, {"message": secret}),
            secret.encode(),
            found,
        ):
            self.answer(answer)
            with self.subTest(answer), everything_logged() as lines:
                try:
                    self.service().check_death("UIN", UIN)
                except UserError as error:
                    self.assertNotIn(UIN, str(error))
                self.service().check_deaths([("UIN", UIN)])
            self.assertNotIn(UIN, "\n".join(lines))
        # Others still see what the base client has to say.
        self.answer((400, {}))
        logger = "odoo.addons.spp_dci_client.services.client"
        with self.assertLogs(logger, "ERROR") as logs, self.assertRaises(UserError):
            self.service().registry.client.search_by_id("UIN", UIN)
        self.assertIn(UIN, logs.output[0])

    def test_credentials_of_the_token_server_stay_out_of_it(self):
        self.source.write(
            {
                "auth_type": "oauth2",
                "oauth2_token_url": f"{self.fake.url}/token",
                "oauth2_client_id": "spp",
                "oauth2_client_secret": "s3cret",
                "oauth2_credential_location": "query",
            }
        )
        self.answer((401, {"error": "s3cret"}))
        with everything_logged() as lines, self.assertRaises(UserError) as caught:
            self.service().check_death("UIN", UIN)
        self.assertNotIn("s3cret", "\n".join(lines) + str(caught.exception))

    def test_no_table_of_requests_is_filled(self):
        client = self.service().registry.client
        self.assertIsNone(client._log_outgoing_call(request={"value": UIN}))

    def test_the_base_never_signs(self):
        for algorithm in ("rs256", "ed25519"):
            self.source.signing_key_id = self.make_signing_key(algorithm)
            self.answer(lambda request: found(request, person()))
            self.assertIs(self.service().check_death("UIN", UIN), False)
            self.assertIn(f'algorithm="{algorithm}"', self.fake.last["signature"])

    def test_a_key_that_is_not_active_does_not_sign(self):
        key = self.make_signing_key()
        self.source.signing_key_id = key
        key.action_revoke()
        with self.assertRaisesRegex(UserError, "not active"):
            self.service().check_death("UIN", UIN)
        self.assertFalse(self.fake.requests)

    def test_other_addons_may_put_a_client_of_their_own_in_its_place(self):
        client = MagicMock()
        client._build_envelope.side_effect = lambda action, message, **_options: {
            "header": {"action": action},
            "message": message,
        }
        client._make_request.side_effect = lambda _endpoint, envelope: found(
            envelope, person(death_date="2024-01-01")
        )
        where = "odoo.addons.spp_dci_client_crvs.services.crvs_service.DCIClient"
        with patch(where, return_value=client):
            self.assertIs(CRVSService(self.env).check_death("UIN", UIN), True)
        self.assertEqual(self.fake.requests, [])

    # === WHAT ITS FAILURES MEAN === #

    def test_what_failed_is_told_by_the_cause(self):
        request = httpx.Request("POST", URL)
        token = httpx.Request("POST", "https://registry.test/token?client_secret=s")
        for error, failure, in_doubt in (
            (caused_by(httpx.ConnectError("x", request=request)), Failure(never_left=True), False),
            (caused_by(httpx.ConnectTimeout("x")), Failure(never_left=True), False),
            (caused_by(httpx.ReadTimeout("x", request=request)), Failure(), True),
            (caused_by(httpx.ReadTimeout("x", request=token)), Failure(never_left=True), False),
            (caused_by(httpx.RemoteProtocolError("x")), Failure(), True),
            (caused_by(ValueError("no JSON")), Failure(unreadable=True), True),
            (caused_by(None), Failure(), True),
            (RuntimeError("x"), Failure(), True),
            (refused(400), Failure(400), False),
            (refused(401, "https://registry.test/token"), Failure(never_left=True), False),
            (refused(429), Failure(429), False),
            (refused(503, text="<html>"), Failure(503), True),
            (
                refused(400, json={"message": {"error": {"code": "err.request.bad"}}}),
                Failure(400, "err.request.bad"),
                False,
            ),
            (refused(413, json={"errors": [{"code": "a\nb"}]}), Failure(413, "a?b"), False),
        ):
            with self.subTest(error.__cause__):
                self.assertEqual(failure_of(error, URL), failure)
                self.assertIs(failure_of(error, URL).in_doubt, in_doubt)

    def test_what_an_officer_reads(self):
        registry = Registry(self.env, self.source)
        for error, sentence in (
            (httpx.ConnectError("x"), "could not be reached"),
            (httpx.ReadTimeout("x"), "could not be reached"),
            (ValueError("x"), "could not be understood"),
        ):
            with (
                self.subTest(sentence),
                patch.object(registry.client, "_make_request", side_effect=caused_by(error)),
                self.assertRaisesRegex(UserError, sentence),
            ):
                registry.send("/registry/sync/search", {})
        for status, sentence in (
            (302, "has moved"),
            (401, "does not accept our credentials"),
            (400, r"refused the question \(HTTP 400\)"),
            (404, "does not offer this"),
            (429, "takes no more questions for now"),
            (501, "does not offer this"),
            (500, "busy or out of order"),
        ):
            self.answer((status, {}))
            with self.subTest(status), self.assertRaisesRegex(UserError, sentence):
                registry.send("/registry/sync/search", {})
