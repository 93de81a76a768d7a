from odoo import fields, models


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

    _code_unique = models.Constraint(
        "UNIQUE (vocabulary_id, code)", "This vocabulary has the code already."
    )
