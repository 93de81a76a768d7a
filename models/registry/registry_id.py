from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from ...services.records import numbers

# Rows that are mended in one go by the daily clean-up.
_MEND_LIMIT = 100_000


class RegistryID(models.Model):
    """Numbers in the forms in which they are compared, beside the one that is shown."""

    _inherit = "spp.registry.id"

    crvs_key = fields.Char(
        "Normal Form",
        compute="_compute_crvs_keys",
        store=True,
        precompute=True,
        index=True,
        help="The number as vital events are matched by it.",
    )
    crvs_rough_key = fields.Char(
        "Rough Form",
        compute="_compute_crvs_keys",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="What is left of it without case, hyphens and leading zeros: candidates share it.",
    )

    def _has_field_access(self, field, operation):
        """Let nobody write the forms by which events are matched."""
        return super()._has_field_access(field, operation) and (
            self.env.su or operation != "write" or field.name not in ("crvs_key", "crvs_rough_key")
        )

    @api.depends("value")
    def _compute_crvs_keys(self):
        for number in self:
            key = numbers.normal_form(number.value or "")
            number.crvs_key = key or False
            number.crvs_rough_key = numbers.rough_form(key) or False

    # === ROWS THAT NOBODY WROTE THROUGH THE ORM === #

    def _auto_init(self):
        """Add the columns and fill them in SQL: the ORM would take hours over a million rows."""
        cr = self.env.cr
        is_new = not column_exists(cr, self._table, "crvs_key")
        if is_new:
            create_column(cr, self._table, "crvs_key", "varchar")
            create_column(cr, self._table, "crvs_rough_key", "varchar")
        result = super()._auto_init()
        if is_new:
            self._crvs_fill_keys()
        return result

    @api.model
    def _crvs_fill_keys(self):
        """Fill or mend the forms of all rows (the data file's method, at each update)."""
        self._mend_keys(SQL("TRUE"))

    @api.autovacuum
    def _mend_missing_keys(self):
        """Fill the forms of rows that something else than Odoo has written."""
        count = self._mend_keys(
            SQL(
                "id IN (SELECT id FROM spp_registry_id WHERE crvs_key IS NULL AND value ~ '\\S'"
                " LIMIT %s)",
                _MEND_LIMIT,
            )
        )
        return count, count == _MEND_LIMIT

    @api.model
    def _mend_keys(self, condition):
        """Write the forms of rows where they are not right.

        :param SQL condition: which rows to look at
        :return: how many were written
        :rtype: int
        """
        self.flush_model(["value"])
        self.env.cr.execute(
            SQL(
                """
                WITH form AS MATERIALIZED (
                    SELECT id, crvs_key, crvs_rough_key, %s AS key FROM spp_registry_id WHERE %s
                ), forms AS MATERIALIZED (
                    SELECT id, crvs_key, crvs_rough_key, NULLIF(key, '') AS key,
                           NULLIF(%s, '') AS rough
                      FROM form
                )
                UPDATE spp_registry_id number
                   SET crvs_key = forms.key, crvs_rough_key = forms.rough
                  FROM forms
                 WHERE number.id = forms.id
                   AND (forms.crvs_key IS DISTINCT FROM forms.key
                        OR forms.crvs_rough_key IS DISTINCT FROM forms.rough)
                """,
                _sql_normal_form(SQL("value")),
                condition,
                _sql_rough_form(SQL("key")),
            ),
            log_exceptions=False,
        )
        self.invalidate_model(["crvs_key", "crvs_rough_key"])
        return self.env.cr.rowcount

    # === WHO WAITS FOR A NUMBER === #

    @api.onchange("value", "id_type_id", "status")
    def _onchange_crvs_number(self):
        """Say before it is saved that a vital event waits for this number and will be applied.

        Who is not in a group of this addon learns that there is one, and not of what kind.
        """
        key = numbers.normal_form(self.value or "")
        if not key or not self.id_type_id or self.status == "invalid":
            return None
        if key == self._origin.crvs_key and self.id_type_id == self._origin.id_type_id:
            return None
        kinds = self.env["spp.dci.crvs.event.wait"].sudo()._kinds_waiting(self.id_type_id, key)
        if not kinds:
            return None
        if self.env.user.has_group("spp_dci_client_crvs.group_crvs_viewer"):
            lines = [self._crvs_waits(kind) for kind in sorted(kinds)]
        else:
            lines = [
                self.env._(
                    "The civil registry has reported something about the holder of this number. It "
                    "will be applied to this registrant as soon as you save."
                )
            ]
        lines.append(self.env._("If this number is not the registrant's, do not save it."))
        return {
            "warning": {
                "title": self.env._("The civil registry knows this number"),
                "message": "\n".join(lines),
                "type": "dialog",
            }
        }

    def _crvs_waits(self, kind):
        """Say that an event waits for this number.

        :param str kind: event type
        """
        _ = self.env._
        sentences = {
            "death": _(
                "A death waits for this number: it will be applied as soon as you save. The "
                "registrant is then disabled and leaves every programme."
            ),
            "birth": _("A birth waits for this number: it will be applied as soon as you save."),
            "marriage": _(
                "A marriage waits for this number: it will be applied as soon as you save."
            ),
            "divorce": _(
                "A divorce waits for this number: it will be applied as soon as you save."
            ),
        }
        return sentences.get(
            kind,
            _("A vital event waits for this number: it will be applied as soon as you save."),
        )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._tell_waiting_events()
        return records

    def write(self, vals):
        result = super().write(vals)
        if {"value", "status", "id_type_id", "partner_id"} & vals.keys():
            self._tell_waiting_events()
        return result

    def _tell_waiting_events(self):
        """Let vital events that wait for one of these numbers look again."""
        self.env["spp.dci.crvs.event.wait"].sudo()._identifiers_added(
            {
                (number.id_type_id.id, number.crvs_key)
                for number in self.sudo()
                if number.status != "invalid" and number.crvs_key
            }
        )


def _sql_normal_form(value):
    """The normal form of a column as PostgreSQL computes it, see ``services.records.numbers``."""
    blanks, spaces = numbers.sql_white_space()
    digits, ascii_digits = numbers.sql_digits()
    return SQL(
        r"""
        CASE WHEN value ~ '^[!-~]*$' THEN value ELSE
            btrim(regexp_replace(translate(translate(
                CASE WHEN value ~ '^[\x01-\x7f]*$' THEN value
                     ELSE normalize(translate(value, %s, ''), NFKC) END,
                %s, %s), %s, %s), ' +', ' ', 'g'), ' ')
        END
        """,
        numbers.sql_format_characters(),
        digits,
        ascii_digits,
        blanks,
        spaces,
    )


def _sql_rough_form(key):
    """The rough form of a normal form as PostgreSQL computes it."""
    letters, capitals = numbers.sql_letters()
    return SQL(
        """
        regexp_replace(translate(
            CASE WHEN key ~ '^[!-~ ]*$'
                 THEN upper(regexp_replace(key, '(?<![0-9])0+(?=[0-9])', '', 'g') COLLATE "C")
                 ELSE translate(regexp_replace(key, '(?<![0-9])0+(?=[0-9])', '', 'g'), %s, %s)
            END, %s, ''), '^0+(?=[0-9])', '')
        """,
        letters,
        capitals,
        numbers.sql_separators(),
    )
