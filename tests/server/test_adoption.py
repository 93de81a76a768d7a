"""Taking the place of OpenSPP's own module of the same name, on a database that has rows of it."""

import contextlib
import unittest
from types import SimpleNamespace

from ..helpers.callback import SENDER, item, new_key, pem_of
from ..helpers.push import Pusher, signed
from ..helpers.server import BareServer, complaints, load, wait_until

ADDON = "spp_dci_client_crvs"
#: what its tables had, and nothing of ours
TABLES = """
CREATE TABLE spp_dci_crvs_sender (
    id serial PRIMARY KEY, name varchar, sender_id varchar, public_key text, jwks_url varchar,
    algorithm varchar, last_key_fetch timestamp, active boolean,
    create_uid integer, create_date timestamp, write_uid integer, write_date timestamp);
CREATE TABLE spp_dci_crvs_event (
    id serial PRIMARY KEY, name varchar, event_type varchar, identifier_type varchar,
    identifier_value varchar, event_date date, state varchar, person_id integer, raw_data text,
    error_message text, received_date timestamp, processed_date timestamp, processed_by integer,
    active boolean, notes text,
    create_uid integer, create_date timestamp, write_uid integer, write_date timestamp);
"""
EVENTS = """
INSERT INTO spp_dci_crvs_event (name, event_type, identifier_type, identifier_value, event_date,
    state, person_id, raw_data, error_message, received_date, processed_date, active)
VALUES ('CRVS-1', 'death', 'UIN', 'A-1', '2024-01-01', 'processed', %(dead)s, %(raw)s, NULL,
        '2024-01-02', '2024-01-02', TRUE),
       ('CRVS-2', 'birth', 'UIN', 'A-2', '2024-02-01', 'processed', NULL, '{}', NULL,
        '2024-02-02', '2024-02-02', FALSE),
       ('CRVS-3', 'death', 'UIN', 'A-3', '2024-03-01', 'error', NULL, '{}', 'Person not found',
        '2024-03-02', NULL, TRUE),
       (NULL, 'death', 'UIN', 'A-4', '2024-04-01', 'received', NULL, %(waiting)s, NULL,
        '2024-04-02', NULL, NULL)
"""
SENDERS = """
INSERT INTO spp_dci_crvs_sender (name, sender_id, public_key, jwks_url, algorithm, last_key_fetch,
                                 active)
VALUES ('Fetched', %(sender)s, %(key)s, 'https://keys.invalid/jwks.json', NULL, '2024-01-01', TRUE),
       ('Pasted', 'pasted.example.org', %(key)s, NULL, 'ed25519', NULL, TRUE),
       ('Empty', 'empty.example.org', NULL, NULL, NULL, NULL, FALSE)
"""


class TestAdoption(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack = cls.enterClassContext(contextlib.ExitStack())
        cls.server = cls.stack.enter_context(
            BareServer("adoption", "spp_registry,spp_dci_client,spp_programs")
        )
        cls.key = new_key()
        cls.server.run("""
types = env["spp.vocabulary.code"].search([
    ("namespace_uri", "=", "urn:openspp:vocab:id-type"), ("code", "=", "national_id")])
for number in range(1, 6):
    env["res.partner"].create({
        "name": f"Person {number}", "is_registrant": True,
        "reg_ids": [(0, 0, {"id_type_id": types.id, "value": f"A-{number}"})]})
""")
        (dead,) = cls.server.query("SELECT partner_id FROM spp_registry_id WHERE value = 'A-1'")[0]
        cls.server.query(TABLES)
        flat = (
            '{"event_type": "DEATH", "event_date": "2024-04-01",'
            ' "identifiers": [{"type": "UIN", "value": "A-4"}]}'
        )
        with cls.server._cursor(cls.server.database) as cr:
            cr.execute(EVENTS, {"dead": dead, "raw": flat, "waiting": flat})
            cr.execute(SENDERS, {"sender": SENDER, "key": pem_of(cls.key)})
        cls.server.query(
            "UPDATE ir_module_module SET state = 'installed', latest_version = '19.0.2.0.0'"
            f" WHERE name = '{ADDON}'"
        )
        cls.dead = dead
        cls.log = load(cls.server, "-u", ADDON)

    def events(self):
        return self.server.query(
            "SELECT name, state, outcome, active, person_id FROM spp_dci_crvs_event ORDER BY id"
        )

    def test_its_rows_are_kept_and_go_on(self):
        self.assertEqual(complaints(self.log), [])
        self.assertEqual(
            self.events(),
            [
                ("CRVS-1", "processed", "applied", True, self.dead),
                ("CRVS-2", "processed", "applied", False, None),
                ("CRVS-3", "error", None, True, None),
                ("CRVS/4", "received", None, True, None),
            ],
        )
        again = load(self.server, "-u", ADDON)
        self.assertEqual(complaints(again), [])
        self.assertEqual(len(self.events()), 4)
        keys = self.server.query(
            "SELECT s.name, s.algorithm, s.active, count(k.id) FROM spp_dci_crvs_sender s"
            " LEFT JOIN spp_dci_crvs_sender_key k ON k.sender_id = s.id GROUP BY s.id ORDER BY s.id"
        )
        self.assertEqual(
            keys,
            [
                ("Fetched", "ed25519", True, 1),
                ("Pasted", "ed25519", True, 0),
                ("Empty", "ed25519", False, 0),
            ],
        )

        # Its senders are believed at once, and what waited is processed.
        self.server.start(workers=2, crons=1)
        self.addCleanup(self.server.stop)
        death = item("death", [("UIN", "A-5")], death_date="2024-05-01")
        vital = SimpleNamespace(item=lambda: death)
        Pusher(self.server, [signed([vital], self.key)]).push(0)

        def disabled():
            self.server.wake_scheduler()
            return self.server.query(
                "SELECT count(*) FROM res_partner p JOIN spp_registry_id r ON r.partner_id = p.id"
                " WHERE r.value IN ('A-4', 'A-5') AND p.disabled IS NOT NULL"
            ) == [(2,)]

        wait_until(disabled)
