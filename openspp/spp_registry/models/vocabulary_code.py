import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class VocabularyCode(models.Model):
    _name = "spp.vocabulary.code"
    _description = "Vocabulary Code"
    _order = "vocabulary_id, sequence, code, id"
    _rec_name = "display"
    _rec_names_search = ("display", "code")

    vocabulary_id = fields.Many2one("spp.vocabulary", required=True, index=True, ondelete="cascade")
    code = fields.Char(required=True)
    display = fields.Char(required=True, translate=True)
    namespace_uri = fields.Char(
        string="Namespace URI", related="vocabulary_id.namespace_uri", store=True, index=True
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_local = fields.Boolean("Local", help="Added here; not one of the vocabulary's own.")
    reference_uri = fields.Char(
        "Reference URI", help="The code of another vocabulary that a local one stands for."
    )
    equivalence = fields.Selection(
        [
            ("equivalent", "The Same"),
            ("broader", "Broader"),
            ("narrower", "Narrower"),
            ("related", "Related"),
        ],
        help="How a local code relates to the one that it refers to.",
    )
    target_type = fields.Selection(
        [("individual", "Individuals"), ("group", "Groups"), ("both", "Both")],
        default="both",
        help="Whose identifiers are of this type.",
    )
    id_validation = fields.Char(
        "Pattern", help="A regular expression that identifiers of this type have to match."
    )

    _code_unique = models.Constraint(
        "UNIQUE (vocabulary_id, code)", "This vocabulary has the code already."
    )

    @api.constrains("id_validation")
    def _check_id_validation(self):
        for record in self:
            try:
                re.compile(record.id_validation or "")
            except re.error as error:
                raise ValidationError(
                    self.env._("The pattern is no regular expression: %s.", error)
                ) from error

    @api.model
    def get_code(self, namespace_uri, code):
        """Find a code by what other systems know it by.

        :param str namespace_uri: the vocabulary's
        :param str code:
        :return: the code, empty when there is none
        """
        return self.search([("namespace_uri", "=", namespace_uri), ("code", "=", code)], limit=1)

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse codes that do not belong to a system vocabulary.

        :raise UserError: for those that neither a module brings nor are local.
        """
        codes = super().create(vals_list)
        if codes.filtered("vocabulary_id.is_system")._are_fixed():
            raise UserError(
                self.env._("This vocabulary belongs to the system: only local codes can be added.")
            )
        return codes

    def write(self, vals):
        """Refuse to change the codes of a system vocabulary.

        :raise UserError: for those that are not local.
        """
        self._check_changeable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_local(self):
        self._check_changeable()

    def _check_changeable(self):
        if self.filtered("vocabulary_id.is_system")._are_fixed():
            raise UserError(
                self.env._("Codes of a system vocabulary cannot be changed; add a local one.")
            )

    def _are_fixed(self):
        """Whether there is one that only a module's data file may bring or change."""
        return not self.env.context.get("install_mode") and not all(self.mapped("is_local"))
