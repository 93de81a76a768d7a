from odoo import api, models
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column, table_exists

_OURS = (("origin", "varchar"), ("digest", "varchar"), ("source", "varchar"))


class CRVSEvent(models.Model):
    """Events that OpenSPP's own module of this name stored, kept where ours takes its place.

    Its version is higher than ours, so that no migration runs: what is missing is filled in when
    the columns are made and, whenever the data files are read, where it is still missing.
    """

    _inherit = "spp.dci.crvs.event"

    def _auto_init(self):
        """Fill what ours requires before PostgreSQL is told to require it."""
        cr = self.env.cr
        if table_exists(cr, self._table) and not column_exists(cr, self._table, "digest"):
            cr.execute(
                SQL(
                    """
                    SELECT 1 FROM information_schema.columns
                     WHERE table_name = %s AND column_name = 'raw_data'
                       AND data_type IN ('json', 'jsonb')
                    """,
                    self._table,
                )
            )
            if cr.rowcount:
                cr.execute(
                    "ALTER TABLE spp_dci_crvs_event"
                    " ALTER COLUMN raw_data TYPE text USING raw_data::text"
                )
            for name, kind in _OURS:
                if not column_exists(cr, self._table, name):
                    create_column(cr, self._table, name, kind)
            # A digest of its own each: what comes again is compared with what was applied.
            cr.execute(
                """
                UPDATE spp_dci_crvs_event
                   SET origin = 'adopted', digest = 'adopted-' || id, source = 'notification',
                       name = COALESCE(NULLIF(name, ''), 'CRVS/' || id),
                       event_type = lower(event_type),
                       state = COALESCE(state, 'error')
                """
            )
        return super()._auto_init()

    @api.model
    def _adopt(self):
        """Give adopted events what the engine needs of them (the data file's method)."""
        self.flush_model()
        self.env.cr.execute(
            """
            UPDATE spp_dci_crvs_event
               SET version_time = COALESCE(version_time, received_date, create_date),
                   outcome = CASE WHEN state = 'processed' THEN 'applied' END,
                   error_kind = CASE WHEN state = 'error' THEN 'invalid' END,
                   next_attempt = CASE WHEN state = 'received' AND active IS NOT FALSE
                                       THEN now() AT TIME ZONE 'UTC' END,
                   active = COALESCE(active, TRUE)
             WHERE origin = 'adopted' AND version_time IS NULL
            """
        )
        if self.env.cr.rowcount:
            self._fill_standing(SQL("origin = 'adopted'"))
            self.invalidate_model()
            self._wake_scheduler()
