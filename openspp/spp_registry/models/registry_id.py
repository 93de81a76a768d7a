from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class RegistryID(models.Model):
    """An identifier of a registrant. There are millions of these, so the model stays plain."""

    _name = "spp.registry.id"
    _description = "Registrant Identifier"
    _order = "partner_id, id_type_id, status desc, id"
    _rec_name = "value"

    partner_id = fields.Many2one(
        "res.partner",
        string="Registrant",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('is_registrant', '=', True)]",
    )
    id_type_id = fields.Many2one(
        "spp.vocabulary.code",
        string="ID Type",
        required=True,
        ondelete="restrict",
        domain="[('namespace_uri', '=', 'urn:openspp:vocab:id-type')]",
    )
    value = fields.Char(required=True, index=True)
    expiry_date = fields.Date()
    status = fields.Selection(
        [("valid", "Valid"), ("invalid", "Invalid")], default="valid", required=True
    )
    verification_method = fields.Selection(
        [
            ("dci_api", "Registry over DCI"),
            ("physical_document", "Document Seen"),
            ("self_declared", "Self-Declared"),
        ]
    )
    verification_date = fields.Datetime()
    verification_source = fields.Char(help="Which registry or document confirmed the identifier.")

    _one_valid_per_type = models.UniqueIndex(
        "(partner_id, id_type_id) WHERE status = 'valid'",
        "A registrant has at most one valid ID of a type. Set the older one to invalid first.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Clean the values and see to it that one of a type stays valid."""
        vals_list = [self._clean_value(vals) for vals in vals_list]
        default_status = self.default_get(["status"]).get("status")
        self._check_one_valid(
            (vals.get("partner_id"), vals.get("id_type_id"))
            for vals in vals_list
            if vals.get("status", default_status) == "valid"
        )
        return super().create(vals_list)

    def write(self, vals):
        """As for :meth:`create`."""
        vals = self._clean_value(vals)
        if {"partner_id", "id_type_id", "status"} & vals.keys():
            self._check_one_valid(
                (
                    vals.get("partner_id", record.partner_id.id),
                    vals.get("id_type_id", record.id_type_id.id),
                )
                for record in self
                if vals.get("status", record.status) == "valid"
            )
        return super().write(vals)

    @api.model
    def _clean_value(self, vals):
        """Drop the blanks around an identifier: they would keep it from ever matching."""
        if not isinstance(vals.get("value"), str):
            return vals
        value = vals["value"].strip()
        if not value:
            raise ValidationError(self.env._("An identifier needs a value."))
        return {**vals, "value": value}

    def _check_one_valid(self, keys):
        """Refuse a second valid identifier of a type before PostgreSQL has to.

        The unique index decides when two transactions race; its failure however writes the whole
        statement, identifier included, into the server log, so it must be the exception.

        :param keys: pairs (partner id, ID type id) that are about to be valid, those of `self`
            included.
        :raise ValidationError: when a pair comes twice, or exists in a record outside `self`.
        """
        counts = Counter(keys)
        if not counts:
            return
        existing = self.sudo()._read_group(
            [
                ("partner_id", "in", list({partner_id for partner_id, _type in counts})),
                ("status", "=", "valid"),
                ("id", "not in", self.ids),
            ],
            ["partner_id", "id_type_id"],
        )
        counts.update(
            key for partner, id_type in existing if (key := (partner.id, id_type.id)) in counts
        )
        if max(counts.values()) > 1:
            raise ValidationError(self._one_valid_per_type.get_error_message(self))
