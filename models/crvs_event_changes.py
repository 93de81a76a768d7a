from odoo import api, fields, models


class CRVSEventChanges(models.Model):
    """What an event changed, in lines that a manager can read."""

    _inherit = "spp.dci.crvs.event"

    changes_text = fields.Text(
        "What It Changed",
        compute="_compute_changes_text",
        groups="spp_dci_client_crvs.group_crvs_manager",
    )

    @api.depends("changes")
    def _compute_changes_text(self):
        for event in self:
            lines = [event.sudo()._change_line(change) for change in event.changes or []]
            event.changes_text = "\n".join(filter(None, lines)) or False

    def _change_line(self, change):
        """Put one change into words.

        :param dict change: one item of ``changes``
        :return: the line, empty when the addon that the change was made with is gone
        :rtype: str
        """
        if change["model"] not in self.env:
            return ""
        record = self.env[change["model"]].browse(change["id"]).exists()
        if "created" in change:
            person = self.env["res.partner"].browse(change["partner_id"]).exists()
            return self.env._(
                "%(person)s: new %(type)s %(value)s",
                person=person.display_name or "",
                type=(record and record.id_type_id.display_name) or self.env._("ID"),
                value=change["created"].get("value", ""),
            )
        field = self.env[change["model"]]._fields.get(change["field"])
        if not field:
            return ""
        return self.env._(
            "%(record)s: %(field)s was %(old)s, is %(new)s",
            record=record.display_name or "",
            field=field.get_description(self.env, ["string"])["string"],
            old=self._change_value(field, change["old"]),
            new=self._change_value(field, change["new"]),
        )

    def _change_value(self, field, value):
        """Return a stored value as a user reads it.

        :param field: the field that it is a value of
        :param value: as :func:`plain` left it: many2one as id, dates as ISO text
        :rtype: str
        """
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        if not value:
            return self.env._("empty")
        if field.type == "many2one":
            return self.env[field.comodel_name].browse(value).exists().display_name or str(value)
        if field.type == "selection":
            options = field.get_description(self.env, ["selection"])["selection"]
            return dict(options).get(value, value)
        return str(value)
