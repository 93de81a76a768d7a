from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestRetention(EventCase):
    def _kept(self, *hours_ago, **parameters):
        """Run the housekeeping; return the ages of those of the inbox rows that are kept."""
        for name, value in parameters.items():
            self.env["ir.config_parameter"].set_param(f"spp_dci_client_crvs.{name}", value)
        messages = self.env["spp.dci.crvs.message"].create(
            [
                {
                    "sender_id": self.sender.id,
                    "message_id": str(hours),
                    "digest": "d",
                    "kind": "notify",
                    "outcome": "stored",
                    "received_date": fields.Datetime.now() - timedelta(hours=hours, minutes=1),
                }
                for hours in hours_ago
            ]
        )
        self.env["spp.dci.crvs.message"]._gc_messages()
        return [int(message.message_id) for message in messages.exists()]

    def test_kept_for_ever_unless_told_otherwise(self):
        self.assertEqual(self._kept(100_000), [100_000])

    def test_days(self):
        self.assertEqual(self._kept(1, 47, 48, inbox_retention_d="2"), [1, 47])

    def test_never_shorter_than_a_message_can_be_sent_again(self):
        self.assertEqual(self._kept(23, 24, inbox_retention_d="0.1", clock_skew_s="0"), [23])

    def test_skew_and_age_are_counted_in(self):
        kept = self._kept(25, 26, inbox_retention_d="0.1", clock_skew_s="3600")
        self.assertEqual(kept, [25])
        self.assertEqual(self._kept(71, 72, max_message_age_h="70"), [71])
