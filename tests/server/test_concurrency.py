"""What only real processes show: simultaneous deliveries, and logs of a whole server."""

import os
from pathlib import Path

from ..helpers.callback import SENDER, item, new_key, notification, pem_of
from ..helpers.posting import PostingCase
from ..helpers.server import shared_server

PLANTED = ("Plantedgiven", "Plantedfamily", "PLANTED-UIN-1", "PLANTED-UIN-2", "1971-07-17")


def person(uin, **more):
    return item(
        identifiers=[("UIN", uin)],
        name={"given_name": PLANTED[0], "surname": PLANTED[1]},
        birth_date=PLANTED[4],
        **more,
    )


class TestServer(PostingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = new_key()
        cls.server = shared_server()
        cls.server.run(f"""env["spp.dci.crvs.sender"].create({{
            "name": "Test Registry", "sender_id": {SENDER!r}, "algorithm": "ed25519",
            "public_key": {pem_of(cls.key)!r}}})""")

    def test_50_deliveries_at_once_have_one_effect(self):
        before = self._count("spp_dci_crvs_message"), self._count("spp_dci_crvs_event")
        message = notification(
            *(item(identifiers=[("UIN", f"777{n}")], death_date="2026-11-01") for n in range(3))
        )
        answers = self._post_at_once([self._sign(message)] * 50)
        self.assertEqual({answer.status_code for answer in answers}, {202})
        self.assertEqual(len({answer.text for answer in answers}), 1)
        after = self._count("spp_dci_crvs_message"), self._count("spp_dci_crvs_event")
        self.assertEqual(after, (before[0] + 1, before[1] + 3))

    def test_claimed_forms_survive_being_run_again(self):
        """Odoo looks for uploaded files before it runs a request again."""
        for content_type in (
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
        ):
            message = notification(
                item(identifiers=[("UIN", content_type)], death_date="2026-11-01")
            )
            answers = self._post_at_once([self._sign(message)] * 10, content_type)
            self.assertEqual({answer.status_code for answer in answers}, {202})
            self.assertEqual(len({answer.text for answer in answers}), 1)

    def test_one_event_in_many_messages_at_once_is_stored_once(self):
        before = self._count("spp_dci_crvs_event")
        death = item(identifiers=[("UIN", "888")], death_date="2026-11-01")
        answers = self._post_at_once([self._sign(notification(death)) for _n in range(10)])
        self.assertEqual({answer.status_code for answer in answers}, {202})
        self.assertEqual(self._count("spp_dci_crvs_event"), before + 1)
        repeats = self.server.query(
            "SELECT duplicate_count FROM spp_dci_crvs_event WHERE identifier_value = '888'"
        )
        self.assertEqual(repeats, [(9,)])

    def test_nothing_about_a_person_enters_any_log(self):
        """The server logs every statement it is allowed to (debug_sql)."""
        postgres_log = os.environ.get("SPP_POSTGRES_LOG")
        start = os.path.getsize(postgres_log) if postgres_log else 0
        same = self._sign(notification(person("PLANTED-UIN-1", death_date="2026-11-01")))
        self._post_at_once([same] * 8)
        self._post_at_once(
            [
                self._sign(notification(person("PLANTED-UIN-1", death_date="2026-11-02")))
                for _n in range(8)
            ]
        )
        form = self._sign(notification(person("PLANTED-UIN-2")))
        self._post(form, "application/x-www-form-urlencoded")
        self._post(same.replace("PLANTED-UIN-1", "PLANTED-UIN-2"))
        self._post(same[:-30])
        self.server.query(
            """
            ALTER TABLE spp_dci_crvs_event
            ADD CONSTRAINT refuse CHECK (raw_data NOT LIKE '%refuse me%') NOT VALID
            """
        )
        try:
            death = person("PLANTED-UIN-2", death_date="2026-11-05", note="refuse me")
            failed = self._post(self._sign(notification(death)))
        finally:
            self.server.query("ALTER TABLE spp_dci_crvs_event DROP CONSTRAINT refuse")
        self.assertEqual(failed.status_code, 503)
        logs = {"Odoo": self.server.log.read_text()}
        if postgres_log:
            logs["PostgreSQL"] = Path(postgres_log).read_text()[start:]
            self.assertIn("refuse", logs["PostgreSQL"], "the failing write is there")
        self.assertIn("could not be stored", logs["Odoo"])
        self.assertIn("query:", logs["Odoo"], "the statements of other code are logged")
        for name, text in logs.items():
            for planted in PLANTED:
                self.assertFalse(planted in text, f"{planted} is in the log of {name}")
