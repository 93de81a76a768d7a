from odoo import fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group, notify


class CRVSBirthAnswer(models.TransientModel):
    """Shows a registry's record of a birth beside the registrant, and lets an officer note it.

    Our code alone makes these: what is noted as verified is what the registry said.
    """

    _name = "spp.dci.crvs.birth.answer"
    _description = "The Birth as the Registry Has It"

    partner_id = fields.Many2one("res.partner", "Registrant", required=True, readonly=True)
    data_source_id = fields.Many2one(
        "spp.dci.data.source", "Registry Asked", required=True, readonly=True
    )
    asked_by = fields.Char("Identifiers Used", readonly=True)
    result = fields.Selection(
        [
            ("agrees", "Agrees"),
            ("differs", "Differs"),
            ("unclear", "Not Clear"),
            ("unknown", "Not Known There"),
            ("failed", "No Answer"),
        ],
        required=True,
        readonly=True,
    )
    sentence = fields.Char("Answer", readonly=True)
    comparison = fields.Html(readonly=True, sanitize=False)
    number_id = fields.Many2one("spp.registry.id", readonly=True, groups=fields.NO_ACCESS)
    number_key = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    is_noted = fields.Boolean(readonly=True)

    def action_mark_verified(self):
        """Note on the identifier that the registry has verified it.

        :return: an action that says so and closes the window
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers
        :raise UserError: when the record does not agree, or the identifier was changed since
        """
        check_group(self.env, "officer")
        self.ensure_one()
        self.check_access("read")
        answer = self.sudo()
        if answer.result != "agrees":
            raise UserError(self.env._("The registry's record does not agree with the registrant."))
        if not answer.is_noted:
            answer._note_verified()
        return notify(
            self.env,
            self.env._(
                "The %(type)s is marked as verified by %(registry)s.",
                type=answer.number_id.id_type_id.display_name,
                registry=answer.data_source_id.name,
            ),
        )

    def _note_verified(self):
        number, registry = self.number_id, self.data_source_id.name
        if (
            number.partner_id != self.partner_id
            or number.status == "invalid"
            or number.crvs_key != self.number_key
        ):
            raise UserError(
                self.env._("The identifier was changed since the registry was asked. Ask again.")
            )
        number.write(
            {
                "verification_method": "dci_api",
                "verification_date": fields.Datetime.now(),
                "verification_source": registry,
                "verification_response": self.sentence,
            }
        )
        self.partner_id._message_log(
            body=self.env._(
                "Civil registry, %(registry)s: %(type)s verified by the record of the birth.",
                registry=registry,
                type=number.id_type_id.display_name,
            )
        )
        self.is_noted = True
