import re
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class RegistryID(models.Model):
    """An identifier of a registrant. There are millions of these, so the model stays plain.

    One entered on a screen has no status and is as good as a valid one: only `invalid` is dead.
    """

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
    value = fields.Char(size=100, index=True)
    expiry_date = fields.Date()
    description = fields.Char()
    status = fields.Selection([("valid", "Valid"), ("invalid", "Invalid")])
    verification_method = fields.Selection(
        [
            ("dci_api", "Registry over DCI"),
            ("physical_document", "Document Seen"),
            ("scanned", "Document Scanned"),
            ("verbal", "Told"),
            ("self_declared", "Self-Declared"),
            ("manual_lookup", "Looked Up by Hand"),
            ("biometric", "Biometric"),
        ]
    )
    verification_date = fields.Datetime()
    verification_source = fields.Char(help="Which registry or document confirmed the identifier.")
    verification_response = fields.Text(help="What the source answered.")
    is_verified = fields.Boolean("Verified", compute="_compute_is_verified")

    _one_live_per_type = models.UniqueIndex(
        "(partner_id, id_type_id) WHERE status IS DISTINCT FROM 'invalid'",
        "A registrant has at most one ID of a type that is not invalid. Set the older one to "
        "invalid first.",
    )

    @api.depends("verification_method", "verification_date")
    def _compute_is_verified(self):
        for record in self:
            record.is_verified = bool(
                record.verification_date
                and record.verification_method
                and record.verification_method != "self_declared"
            )

    @api.model_create_multi
    def create(self, vals_list):
        """See to it that one of a type stays alive."""
        default_status = self.default_get(["status"]).get("status")
        self._check_one_live(
            (vals.get("partner_id"), vals.get("id_type_id"))
            for vals in vals_list
            if vals.get("status", default_status) != "invalid"
        )
        return super().create(vals_list)

    def write(self, vals):
        """As for :meth:`create`."""
        if {"partner_id", "id_type_id", "status"} & vals.keys():
            self._check_one_live(
                (
                    vals.get("partner_id", record.partner_id.id),
                    vals.get("id_type_id", record.id_type_id.id),
                )
                for record in self
                if vals.get("status", record.status) != "invalid"
            )
        return super().write(vals)

    @api.constrains("value", "id_type_id")
    def _check_value(self):
        for record in self:
            pattern = record.id_type_id.id_validation
            if pattern and not re.fullmatch(pattern, record.value or ""):
                # The number itself is no matter for a message that may end in a log.
                raise ValidationError(
                    self.env._("This is no %s: the value does not fit.", record.id_type_id.display)
                )

    def _check_one_live(self, keys):
        """Refuse a second live identifier of a type before PostgreSQL has to.

        The unique index decides when two transactions race; its failure however writes the whole
        statement, identifier included, into the server log, so it must be the exception.

        :param keys: pairs (partner id, ID type id) that are about to be alive, those of `self`
            included.
        :raise ValidationError: when a pair comes twice, or exists in a record outside `self`.
        """
        counts = Counter(keys)
        if not counts:
            return
        existing = self.sudo()._read_group(
            [
                ("partner_id", "in", list({partner_id for partner_id, _type in counts})),
                ("status", "!=", "invalid"),
                ("id", "not in", self.ids),
            ],
            ["partner_id", "id_type_id"],
        )
        counts.update(
            key for partner, id_type in existing if (key := (partner.id, id_type.id)) in counts
        )
        if max(counts.values()) > 1:
            raise ValidationError(self._one_live_per_type.get_error_message(self))
