"""Versions of one fact, in every order, by two workers at once."""

import threading
from datetime import date
from itertools import permutations

from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs.services import records

from ..helpers.committed import CommittedCase


@tagged("post_install", "-at_install")
class TestVersionsByTwoWorkers(CommittedCase):
    def store_version(self, env, number):
        item = {
            "reference_id": f"version-{number}",
            "timestamp": f"2026-11-2{number}T10:00:00Z",
            "data": {
                "reg_event_type": "death",
                "reg_records": {
                    "identifier": {"type": "UIN", "value": "COMMITTED-0"},
                    "death_date": f"2024-05-0{number}",
                },
            },
        }
        env["spp.dci.crvs.event"]._store(
            records.read_notification({"notify_event": item}).events,
            sender=env["spp.dci.crvs.sender"].browse(self.sender_id),
            data_source=env["spp.dci.data.source"],
        )

    def work(self):
        with self.transaction() as env:
            env["spp.dci.crvs.event"]._cron_process_backlog()

    def test_the_latest_version_stands(self):
        for order in permutations((1, 2, 3)):
            with self.transaction() as env:
                self.events(env).unlink()
                partner = env["res.partner"].browse(self.person_ids[0])
                partner.enable_registrant()
                partner.death_date = False
            for number in order:
                with self.transaction() as env:
                    self.store_version(env, number)
                workers = [threading.Thread(target=self.work) for _worker in range(2)]
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
            with self.transaction() as env, self.subTest(order):
                self.work()
                partner = env["res.partner"].browse(self.person_ids[0])
                self.assertTrue(partner.disabled)
                self.assertEqual(partner.death_date, date(2024, 5, 3))
                standing = self.events(env).filtered(lambda event: event.outcome != "superseded")
                self.assertEqual(standing.event_date, date(2024, 5, 3))
