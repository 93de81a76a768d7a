"""What was stored in one language is read in another."""

from odoo.tests import new_test_user, tagged

from ...services import wording
from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestRemarks(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in ("fr_FR", "es_ES"):
            cls.env["res.lang"]._activate_lang(code)
        cls.french, cls.spanish, cls.english = (
            cls.env(context={**cls.env.context, "lang": lang})
            for lang in ("fr_FR", "es_ES", "en_US")
        )

    def test_remark_of_an_event_is_in_the_language_of_the_reader(self):
        self.registrant(ids={"UIN": "R-1"}, birthdate="1950-01-01")
        event = self.process("death", {"UIN": "R-1"}, birth_date="1990-01-01")
        self.assertIn("born in another decade", event.error_message)
        self.assertEqual(event.with_env(self.english).remark, event.error_message)
        french = event.with_env(self.french).remark
        self.assertIn("Le bénéficiaire trouvé est peut-être une autre personne", french)
        self.assertIn("née dans une autre décennie", french)
        # By somebody who reads French, for somebody who does not.
        event.error_message = french
        self.assertIn("nació en otra década", event.with_env(self.spanish).remark)
        self.assertIn("born in another decade", event.with_env(self.english).remark)

    def test_several_lines_and_what_nobody_knows(self):
        known = "The registry gives no death date. The registrant is disabled without one."
        text = f"{known}\nAnother addon's remark"
        first, second = wording.retold(self.french, text).split("\n")
        self.assertIn("date de décès", first)
        self.assertEqual(second, "Another addon's remark")
        self.assertFalse(wording.retold(self.french, False))

    def test_values_stay(self):
        text = "Not put back, since it was changed after the event: Date of Death."
        self.assertTrue(wording.retold(self.french, text).startswith("Non rétabli"))
        text = (
            "The registry takes back what it reported before (CRVS/2026/1). Look at that event and "
            "undo it if the registry is right."
        )
        self.assertIn("(CRVS/2026/1)", wording.retold(self.french, text))

    def test_activities_are_in_the_language_of_whom_they_call(self):
        user = new_test_user(
            self.env,
            "remark_french",
            groups="spp_dci_client_crvs.group_crvs_manager",
            lang="fr_FR",
        )
        kind = self.env.ref("spp_dci_client_crvs.activity_type_held")
        kind.with_env(self.french).summary = "Un fait d'état civil attend"
        event = self.store(self.vital("death", {"UIN": "R-2"}))
        event._alert("held", user)
        self.assertEqual(event.activity_ids.summary, "Un fait d'état civil attend")
