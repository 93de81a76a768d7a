import io
import re

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools import file_path
from odoo.tools.translate import trans_export

ADDON = "spp_dci_client_crvs"
LANGUAGES = ("ar", "es", "fr")
VARIABLE = re.compile(r"%\(\w+\)[sd]|%[sd%]")
TAG = re.compile(r"</?\w+")


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

    def test_languages_have_every_term_with_its_variables(self):
        template = {e.msgid for e in polib.pofile(file_path(f"{ADDON}/i18n/{ADDON}.pot"))}
        for language in LANGUAGES:
            translation = polib.pofile(file_path(f"{ADDON}/i18n/{language}.po"))
            words = {entry.msgid: entry.msgstr for entry in translation if not entry.obsolete}
            self.assertEqual(set(words), template, language)
            for msgid, msgstr in words.items():
                with self.subTest(language=language, term=msgid):
                    self.assertTrue(msgstr.strip())
                    self.assertNotIn("fuzzy", translation.find(msgid).flags)
                    self.assertEqual(
                        sorted(VARIABLE.findall(msgstr)), sorted(VARIABLE.findall(msgid))
                    )
                    self.assertEqual(sorted(TAG.findall(msgstr)), sorted(TAG.findall(msgid)))
