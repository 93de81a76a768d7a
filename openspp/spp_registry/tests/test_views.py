from lxml import etree

from odoo.tests import tagged

from .common import RegistryCase


@tagged("post_install", "-at_install")
class TestIndividualsForm(RegistryCase):
    def arch(self, user=None):
        view = self.env.ref("spp_registry.view_individuals_form")
        partners = self.env["res.partner"].with_user(user or self.officer)
        return etree.fromstring(partners.get_view(view.id, "form")["arch"])

    def extend(self, xmlid, arch):
        return self.env["ir.ui.view"].create(
            {
                "name": "test extension",
                "model": "res.partner",
                "inherit_id": self.env.ref(xmlid).id,
                "arch": arch,
            }
        )

    def test_it_is_the_form_of_contacts(self):
        partners = self.env["res.partner"].with_user(self.officer)
        contacts = etree.fromstring(
            partners.get_view(self.env.ref("base.view_partner_form").id, "form")["arch"]
        )
        self.assertTrue(contacts.xpath("//notebook[@name='individual_detail']"))
        self.assertEqual(etree.tostring(contacts), etree.tostring(self.arch()))

    def test_what_others_add_to_contacts_is_seen_nowhere(self):
        self.extend(
            "base.view_partner_form",
            "<xpath expr='//notebook' position='inside'><page name='of_contacts'/></xpath>",
        )
        self.assertFalse(self.arch().xpath("//page[@name='of_contacts']"))

    def test_pages_go_into_the_named_notebook(self):
        self.extend(
            "spp_registry.view_individuals_form",
            "<xpath expr=\"//notebook[@name='individual_detail']\" position='inside'>"
            "<page name='of_individuals'/></xpath>",
        )
        (page,) = self.arch().xpath("//page[@name='of_individuals']")
        self.assertEqual(page.getparent().get("name"), "individual_detail")

    def test_the_first_notebook_is_never_seen(self):
        self.extend(
            "spp_registry.view_individuals_form",
            "<xpath expr='//notebook' position='inside'><page name='astray'/></xpath>",
        )
        (page,) = self.arch().xpath("//page[@name='astray']")
        self.assertEqual(page.getparent().get("invisible"), "1")

    def test_groups_have_a_form_of_their_own(self):
        view = self.env.ref("spp_registry.view_groups_form")
        partners = self.env["res.partner"].with_user(self.officer)
        arch = etree.fromstring(partners.get_view(view.id, "form")["arch"])
        self.assertTrue(arch.xpath("//page[@name='members']"))
        self.assertFalse(self.arch().xpath("//page[@name='members']"))
