from odoo import fields, models


class Vocabulary(models.Model):
    _name = "spp.vocabulary"
    _description = "Vocabulary"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    namespace_uri = fields.Char(
        string="Namespace URI",
        required=True,
        help="The URI under which other systems know this list of codes.",
    )
    is_system = fields.Boolean(
        "System Vocabulary",
        readonly=True,
        help="Its codes come with the modules and cannot be changed; local ones can be added.",
    )
    code_ids = fields.One2many("spp.vocabulary.code", "vocabulary_id", string="Codes")

    _namespace_uri_unique = models.Constraint(
        "UNIQUE (namespace_uri)", "A vocabulary with this namespace URI exists already."
    )
