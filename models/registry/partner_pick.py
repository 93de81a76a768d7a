from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from ...services.records import numbers

# How much of a number stands beside a name, and of how many numbers.
_DIGITS = 4
_NUMBERS = 3
# Holders of one number that are shown, at most.
_MOST_HOLDERS = 100


class ResPartner(models.Model):
    """Choosing a registrant among namesakes: by birth date, household and the end of a number.

    Only where the context says ``crvs_pick``, and with the rights of the user: who may not see
    IDs or households sees nothing of them, and finds nobody by a number.
    """

    _inherit = "res.partner"

    @api.depends_context("crvs_pick", "uid")
    def _compute_display_name(self):
        super()._compute_display_name()
        if not self.env.context.get("crvs_pick"):
            return
        registrants = self.filtered(lambda partner: partner.is_registrant and not partner.is_group)
        households = registrants._crvs_households()
        ends = registrants._crvs_ends_of_numbers()
        for partner in registrants:
            known = partner._origin.id
            details = [
                partner.birthdate and format_date(self.env, partner.birthdate),
                households.get(known),
                ends.get(known),
            ]
            if text := " · ".join(filter(None, details)):
                # As Odoo's own lists of choices set something off from a name.
                pattern = (
                    "%s \t --%s--" if self.env.context.get("formatted_display_name") else "%s (%s)"
                )
                partner.display_name = pattern % (partner.display_name, text)

    @api.model
    def _search_display_name(self, operator, value):
        """Find by a number whoever holds it, and nobody else."""
        if self.env.context.get("crvs_pick") and operator in ("ilike", "=ilike", "like", "=", "in"):
            texts = [value] if isinstance(value, str) else value
            keys = [numbers.normal_form(text) for text in texts if isinstance(text, str)]
            if holders := self._crvs_holders([key for key in keys if key]):
                return Domain("id", "in", holders)
        return super()._search_display_name(operator, value)

    @api.model
    def _crvs_holders(self, keys):
        """Return the ids of those who hold one of these numbers, as far as the user may know.

        :param list[str] keys: normal forms
        :rtype: list[int]
        """
        identifiers = self.env["spp.registry.id"].sudo(False)
        if not keys or not identifiers.has_access("read"):
            return []
        found = identifiers.search_fetch(
            [("crvs_key", "in", keys), ("status", "!=", "invalid")],
            ["partner_id"],
            limit=_MOST_HOLDERS,
        )
        return found.partner_id.ids

    def _crvs_households(self):
        """Return the names of the groups that registrants belong to now, by id."""
        memberships = self.env["spp.group.membership"].sudo(False)
        if not self or not memberships.has_access("read"):
            return {}
        found = memberships.search(
            [
                ("individual", "in", self._origin.ids),
                "|",
                ("ended_date", "=", False),
                ("ended_date", ">", fields.Datetime.now()),
            ]
        )
        return {
            person.id: ", ".join(entries.group._filtered_access("read").mapped("name"))
            for person, entries in found.grouped("individual").items()
        }

    def _crvs_ends_of_numbers(self):
        """Return the last digits of the oldest numbers of each registrant, by id."""
        identifiers = self.env["spp.registry.id"].sudo(False)
        if not self or not identifiers.has_access("read"):
            return {}
        found = identifiers.search_fetch(
            [("partner_id", "in", self._origin.ids), ("status", "!=", "invalid")],
            ["partner_id", "crvs_key"],
            order="id",
        ).filtered(lambda number: len(number.crvs_key or "") > _DIGITS)  # never a whole one
        return {
            partner.id: ", ".join(f"…{number.crvs_key[-_DIGITS:]}" for number in entries[:_NUMBERS])
            for partner, entries in found.grouped("partner_id").items()
        }
