"""What was stored in one language is read in another."""

from odoo.tests import tagged

from ...services import wording
from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestRemarks(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in ("fr_FR", "es_ES"):
            cls.env["res.lang"]._activate_lang(code)

    def told(self, text, lang):
        return wording.retold(self.env(context={"lang": lang}), text)

    def said(self, lang):
        """Sentences as they are written by who works in a language: a whole one, and a nested."""
        env = self.env(context={"lang": lang})
        matcher = env["spp.dci.crvs.matcher"]
        return (
            env._("The record holds no birth date."),
            matcher._contradiction(["other_birth_year", "other_number:UIN"]),
        )

    def test_any_language_is_read_in_any(self):
        said = {lang: self.said(lang) for lang in ("en_US", "fr_FR", "es_ES")}
        self.assertEqual(len({sentences[1] for sentences in said.values()}), 3)
        self.assertIn("the registrant has another UIN", said["en_US"][1])
        for written, sentences in said.items():
            for reader, expected in said.items():
                with self.subTest(written=written, reader=reader):
                    self.assertEqual(self.told("\n".join(sentences), reader), "\n".join(expected))

    def test_what_is_not_ours_stays_as_it_is(self):
        for text in (None, False, "", "100% sure, said they", "Ana %s Test", "a. b"):
            self.assertEqual(self.told(text, "fr_FR"), text)

    def test_values_stay(self):
        text = "Not put back, since it was changed after the event: Date of Death."
        self.assertTrue(self.told(text, "fr_FR").startswith("Non rétabli"))
        text = (
            "The registry takes back what it reported before (CRVS/2026/1). Look at that event and "
            "undo it if the registry is right."
        )
        self.assertIn("(CRVS/2026/1)", self.told(text, "fr_FR"))

    def test_what_is_long_stays_as_it_is(self):
        text = f"Not put back, since it was changed after the event: {'x' * 1000}."
        self.assertEqual(self.told(text, "fr_FR"), text)

    def test_remark_of_an_event_and_what_an_officer_is_called_for(self):
        self.officer.lang = "fr_FR"
        self.registrant(ids={"UIN": "TELL-1"})
        self.registrant(ids={"BRN": "TELL-2"})
        event = self.process("death", {"UIN": "TELL-1", "BRN": "TELL-2"})
        self.assertError(event, "ambiguous")
        self.assertTrue(event.remark.startswith("Several registrants"))
        theirs = event.with_user(self.officer).with_context(lang="fr_FR")
        self.assertTrue(theirs.remark.startswith("Plusieurs bénéficiaires"))
        self.assertEqual(event.remark, event.error_message)
        event.activity_ids.unlink()
        kind = self.env.ref("spp_dci_client_crvs.activity_type_attention")
        kind.with_context(lang="fr_FR").summary = "À regarder"
        for case in ("called", "called again"):
            event._alert("attention", self.officer, event.error_message)
            with self.subTest(case):
                self.assertIn("Plusieurs", str(event.activity_ids.note))
        self.assertEqual(event.activity_ids.summary, "À regarder")
