from odoo import models


class CRVSSender(models.Model):
    _inherit = "spp.dci.crvs.sender"

    def _notifying_data_source(self):
        """Return the data source that stands for the same registry as this sender.

        Its settings (time zone, dialect, what a differing birth date does) hold for what the
        registry pushes as well.

        :return: the active CRVS data source, the oldest of several, or an empty recordset
        """
        self.ensure_one()
        return (
            self.env["spp.dci.data.source"]
            .sudo()
            .search_fetch(
                [("crvs_sender_id", "=", self.id), ("registry_type", "=", "CRVS")],
                ["crvs_timezone"],
                order="id",
                limit=1,
            )
        )
