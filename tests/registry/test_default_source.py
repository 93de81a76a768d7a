from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDefaultSource(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sources = cls.env["spp.dci.data.source"]
        cls.sources.search([]).active = False

    def source(self, code, **values):
        return self.sources.create(
            {
                "name": code,
                "code": code,
                "registry_type": "CRVS",
                "base_url": "https://registry.test",
                "auth_type": "none",
                **values,
            }
        )

    def test_only_registry_is_asked(self):
        self.assertFalse(self.sources._crvs_default())
        only = self.source("beta")
        self.source("alpha", registry_type=self.other_type())
        self.assertEqual(self.sources._crvs_default(), only)

    def other_type(self):
        types = self.sources._fields["registry_type"].get_values(self.env)
        return next(kind for kind in types if "CRVS" not in kind and "Civil" not in kind)

    def test_of_several_none_is_guessed(self):
        self.source("alpha")
        self.source("beta")
        self.assertFalse(self.sources._crvs_default())

    def test_main_code_then_the_mark_decides(self):
        alpha, main = self.source("alpha"), self.source("crvs_main")
        self.assertEqual(self.sources._crvs_default(), main)
        alpha.crvs_is_default = True
        self.assertEqual(self.sources._crvs_default(), alpha)

    def test_one_at_most_is_marked(self):
        alpha = self.source("alpha", crvs_is_default=True)
        beta = self.source("beta", crvs_is_default=True)
        self.assertEqual((alpha.crvs_is_default, beta.crvs_is_default), (False, True))
        alpha.crvs_is_default = True
        self.assertEqual((alpha.crvs_is_default, beta.crvs_is_default), (True, False))
        self.assertFalse(alpha.copy({"code": "gamma"}).crvs_is_default)
