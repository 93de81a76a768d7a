from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .test_to_do import ToDoCase


@tagged("post_install", "-at_install")
class TestDigest(ToDoCase):
    def setUp(self):
        super().setUp()
        self.events.search([("standing", "in", self.events._to_decide())]).unlink()
        self.env["res.users"].search([]).crvs_daily_digest = False
        self.officer.write({"email": "officer@example.org", "crvs_daily_digest": True})
        self.startPatcher(patch.object(self.env.registry["ir.cron"], "_commit_progress"))

    def mails(self):
        self.events._cron_digest()
        return self.env["mail.mail"].search([("email_to", "ilike", "officer@example.org")])

    def test_who_wants_it_is_mailed_numbers_once_a_day(self):
        self.flagged()
        self.unmatched()
        (mail,) = self.mails()
        self.assertIn("2 events", mail.subject)
        self.assertIn("look at the remark", mail.body_html)
        self.assertIn("/odoo/crvs-to-do", mail.body_html)
        for secret in ("F-1", "NOBODY-1", "Ana"):
            self.assertNotIn(secret, mail.body_html)
        self.assertEqual(self.mails(), mail)
        self.officer.crvs_digest_date = fields.Datetime.now() - timedelta(hours=24)
        self.assertEqual(len(self.mails()), 2)

    def test_no_mail_when_nothing_needs_them(self):
        held = self.store(self.vital("death", {"UIN": "H"}))
        held._hold("brake")  # a manager's
        self.assertFalse(self.mails())

    def test_nobody_is_mailed_who_does_not_want_it(self):
        self.flagged()
        self.officer.with_user(self.officer).crvs_daily_digest = False
        self.assertFalse(self.mails())
