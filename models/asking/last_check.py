from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .check import RESULTS


class CRVSLastCheck(models.Model):
    """What a registry said last about the death of a registrant: one row each, only the last.

    Beside the registrants and not on them: a bulk check neither waits for the rows that processing
    has locked nor makes their processing begin again, and rewrites no wide row. Nobody but our code
    gets at it; users read it on the registrant, with their rights on that.
    """

    _name = "spp.dci.crvs.last.check"
    _description = "Last Death Check of a Registrant"
    _log_access = False

    partner_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    data_source_id = fields.Many2one("spp.dci.data.source", ondelete="set null")
    user_id = fields.Many2one("res.users", ondelete="set null")
    checked_date = fields.Datetime(required=True)
    result = fields.Selection(RESULTS, required=True)

    _partner_uniq = models.UniqueIndex("(partner_id)")

    @api.model
    def _note(self, data_source, user, results):
        """Note what a registry said about registrants, in one statement.

        :param data_source: the registry
        :param user: who had it asked
        :param dict results: value of ``result`` by registrant
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_dci_crvs_last_check AS last (
                    partner_id, data_source_id, user_id, checked_date, result)
                SELECT item.partner, %(source)s, %(user)s, %(now)s, item.result
                  FROM unnest(%(partners)s::integer[], %(results)s::text[])
                       AS item (partner, result)
                 -- In the same order everywhere, so that no two wait for each other.
                 ORDER BY item.partner
                ON CONFLICT (partner_id) DO UPDATE
                   SET data_source_id = excluded.data_source_id, user_id = excluded.user_id,
                       checked_date = excluded.checked_date, result = excluded.result
                """,
                source=data_source.id or None,
                user=user.id,
                now=fields.Datetime.now(),
                partners=[partner.id for partner in results],
                results=list(results.values()),
            ),
            log_exceptions=False,
        )
        self.invalidate_model()
        self.env["res.partner"].invalidate_model(["crvs_last_check_ids"])


class ResPartner(models.Model):
    _inherit = "res.partner"

    crvs_last_check_ids = fields.One2many(
        "spp.dci.crvs.last.check",
        "partner_id",
        readonly=True,
        groups="spp_dci_client_crvs.group_crvs_viewer",
    )
    crvs_checked_date = fields.Datetime(
        "Death Checked On",
        related="crvs_last_check_ids.checked_date",
        groups="spp_dci_client_crvs.group_crvs_viewer",
    )
    crvs_checked_source_id = fields.Many2one(
        string="Death Checked At",
        related="crvs_last_check_ids.data_source_id",
        groups="spp_dci_client_crvs.group_crvs_viewer",
    )
    crvs_checked_by = fields.Many2one(
        string="Death Checked By",
        related="crvs_last_check_ids.user_id",
        groups="spp_dci_client_crvs.group_crvs_viewer",
    )
    crvs_checked_result = fields.Selection(
        string="Result of the Last Check",
        related="crvs_last_check_ids.result",
        groups="spp_dci_client_crvs.group_crvs_viewer",
    )
    crvs_checked_text = fields.Char(
        "Last Check",
        compute="_compute_crvs_checked_text",
        groups="spp_dci_client_crvs.group_crvs_viewer",
    )

    @api.depends("crvs_last_check_ids.result")
    @api.depends_context("lang", "tz")
    def _compute_crvs_checked_text(self):
        _ = self.env._
        said = {
            "dead": _("the death is registered"),
            "not_dead": _("no death registered"),
            "unknown": _("the registry does not know this person"),
            "failed": _("it could not be asked"),
        }
        for partner in self:
            last = partner.sudo().crvs_last_check_ids[:1]
            partner.crvs_checked_text = bool(last) and _(
                "Last checked %(day)s at %(registry)s by %(user)s: %(result)s",
                day=format_date(
                    self.env,
                    fields.Datetime.context_timestamp(partner, last.checked_date).date(),
                    date_format="long",
                ),
                registry=last.data_source_id.name or _("a registry that is no more"),
                user=last.user_id.name or _("a user who is no more"),
                result=said[last.result],
            )
