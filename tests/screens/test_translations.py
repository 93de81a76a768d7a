import io

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools import file_path
from odoo.tools.translate import trans_export

ADDON = "spp_dci_client_crvs"


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    def test_template_has_the_terms_of_code_and_views(self):
        buffer = io.BytesIO()
        trans_export(None, [ADDON], buffer, "po", self.env)
        terms = {entry.msgid for entry in polib.pofile(buffer.getvalue().decode())}
        template = polib.pofile(file_path(f"{ADDON}/i18n/{ADDON}.pot"))
        kept = {entry.msgid for entry in template}
        advice = "The translation template is out of date: run ./dev i18n and commit it."
        self.assertFalse(terms - kept, advice)
        self.assertFalse(kept - terms, advice)
