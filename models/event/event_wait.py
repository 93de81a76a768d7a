from odoo import api, fields, models
from odoo.tools import SQL


class CRVSEventWait(models.Model):
    """What events without a registrant wait for: one row per identifier, only while they wait."""

    _name = "spp.dci.crvs.event.wait"
    _description = "Identifier a CRVS Event Waits For"
    _log_access = False

    event_id = fields.Many2one("spp.dci.crvs.event", required=True, index=True, ondelete="cascade")
    id_type_id = fields.Many2one("spp.vocabulary.code", required=True, ondelete="cascade")
    key = fields.Char(required=True)

    _key_type = models.Index("(key, id_type_id)")

    @api.model
    def _replace(self, forget, waiting):
        """Keep the table in step with which events wait.

        :param forget: ids of events that wait no more
        :param dict waiting: by id of an event that began to wait, ``(ID type id, key)`` pairs
        """
        if forget:
            self.search([("event_id", "in", list(forget))]).unlink()
        self.create(
            [
                {"event_id": event_id, "id_type_id": type_id, "key": key}
                for event_id, keys in waiting.items()
                for type_id, key in keys
            ]
        )

    @api.model
    def _identifiers_added(self, keys):
        """Have the events that wait for one of these identifiers processed at once.

        Events that a worker has locked are skipped: it is looking for their registrant already,
        and they are due again a minute later in case it looked too early.

        :param keys: ``(ID type id, normal form)`` of numbers that are alive
        """
        keys = list(keys)
        if not keys:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_dci_crvs_event
                   SET next_attempt = %(now)s, attempts = 0
                 WHERE id IN (
                    SELECT event.id
                      FROM spp_dci_crvs_event_wait wait
                      JOIN unnest(%(types)s::integer[], %(keys)s::text[]) AS added (type_id, key)
                        ON wait.key = added.key AND wait.id_type_id = added.type_id
                      JOIN spp_dci_crvs_event event ON event.id = wait.event_id
                     WHERE event.error_kind = 'no_match'
                       FOR NO KEY UPDATE OF event SKIP LOCKED)
                """,
                now=fields.Datetime.now(),
                types=[type_id for type_id, _key in keys],
                keys=[key for _type_id, key in keys],
            ),
            log_exceptions=False,
        )
        if self.env.cr.rowcount:
            events = self.env["spp.dci.crvs.event"]
            events.invalidate_model(["next_attempt", "attempts"])
            events._wake_scheduler()
