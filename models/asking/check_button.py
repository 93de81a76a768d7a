from lxml import etree

from odoo import api, models

_WIZARD = "spp_dci_client_crvs.action_spp_dci_crvs_check_wizard"
_OFFICERS = "spp_dci_client_crvs.group_crvs_officer"
# Where death checks are offered beside the list of registrants. Their modules may be installed
# before this addon, after it or never: a view that inherits theirs would have to follow.
_OFFERED_ON = ("spp.program", "spp.program.membership", "spp.cycle", "spp.cycle.membership")


class Base(models.AbstractModel):
    """Offers *Check Deaths* to officers on programmes, cycles and their members."""

    _inherit = "base"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Put the button into the header of forms and lists that have to do with payments."""
        arch, view = super()._get_view(view_id, view_type, **options)
        action = self._name in _OFFERED_ON and self.env.ref(_WIZARD, raise_if_not_found=False)
        if action and arch.tag in ("form", "list"):
            header = arch.find("header")
            if header is None:
                header = etree.Element("header")
                arch.insert(0, header)
            button = {"name": str(action.id), "type": "action", "string": action.sudo().name}
            when = {"invisible": "not id"} if arch.tag == "form" else {"display": "always"}
            header.append(etree.Element("button", {**button, **when, "groups": _OFFICERS}))
        return arch, view
