from odoo import api, models

_OFFICERS = "spp_dci_client_crvs.group_crvs_officer"
# Where death checks are offered beside the list of registrants. Their modules may be installed
# before this addon, after it or never: a record that is bound to a model would have to follow.
_OFFERED_ON = ("spp.program", "spp.program.membership", "spp.cycle", "spp.cycle.membership")


class IrActions(models.Model):
    """Offers *Check Deaths* to officers on programmes, cycles and their members."""

    _inherit = "ir.actions.actions"

    @api.model
    def get_bindings(self, model_name):
        """Return the actions of a model's menu, with ours where it has to do with payments.

        :param str model_name: any model
        :return: lists of actions by kind of binding
        :rtype: dict[str, list[dict]]
        """
        result = super().get_bindings(model_name)
        if model_name not in _OFFERED_ON or not self.env.user.has_group(_OFFICERS):
            return result
        # That of the list of registrants.
        ours = self.env.ref(
            "spp_dci_client_crvs.action_spp_dci_crvs_check_wizard", raise_if_not_found=False
        )
        if ours:
            values = ours.sudo().read(["name", "binding_view_types"])[0]
            result["action"] = [*result.get("action", ()), values]
        return result
