from odoo import models

from ...services.asking.probe import try_dialects
from ..mixins import check_group


class SppDciDataSource(models.Model):
    """What can be asked of a registry right from its data source."""

    _inherit = "spp.dci.data.source"

    def action_find_dialect(self):
        """Ask the registry a harmless question in each dialect, and propose the one it answered.

        :return: the action that shows what came back
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        """
        self.ensure_one()
        check_group(self.env, "manager", or_system=True)
        names = dict(self._fields["dialect"]._description_selection(self.env))
        trials = try_dialects(self.env, self, list(names))
        if self.crvs_daily_searches:
            self.sudo()._crvs_count_search(len(trials))
        answered = self.env._("it answered")
        wizard = self.env["spp.dci.crvs.dialect.wizard"].create(
            {
                "data_source_id": self.id,
                "dialect": next((trial.dialect for trial in trials if trial.understood), False),
                "report": "\n".join(
                    f"{names[trial.dialect]}: {answered if trial.understood else trial.sentence}"
                    for trial in trials
                ),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("How the Registry Speaks"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }
