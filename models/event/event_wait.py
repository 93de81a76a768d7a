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
    def _kinds_waiting(self, id_type, key):
        """Return which kinds of events wait for an identifier.

        :param id_type: ``spp.vocabulary.code``
        :param str key: normal form of the number
        :rtype: set[str]
        """
        waiting = self.search([("key", "=", key), ("id_type_id", "=", id_type.id)])
        waiting = waiting.filtered(lambda entry: entry.event_id.error_kind == "no_match")
        return set(waiting.event_id.mapped("event_type"))

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
                   SET next_attempt = %(now)s, attempts = 0, identifier_added_by = %(user)s
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
                # Those who look at a screen; not the technical users.
                user=self.env.uid if self.env.user.active else None,
                types=[type_id for type_id, _key in keys],
                keys=[key for _type_id, key in keys],
            ),
            log_exceptions=False,
        )
        if self.env.cr.rowcount:
            events = self.env["spp.dci.crvs.event"]
            events.invalidate_model(["next_attempt", "attempts", "identifier_added_by"])
            events._wake_scheduler()


class CRVSEvent(models.Model):
    """Telling who added an identifier what came of the event that waited for it."""

    _inherit = "spp.dci.crvs.event"

    identifier_added_by = fields.Many2one(
        "res.users",
        readonly=True,
        ondelete="set null",
        help="Who has to be told what comes of it, until that is done.",
    )

    @api.model
    def _take_results(self, batch):
        super()._take_results(batch)
        decided = self.browse(case.event.id for case in batch.cases if not case.postponed)
        awaited = decided.filtered("identifier_added_by")
        for event in awaited:
            event._tell_who_added()
        awaited.identifier_added_by = False

    def _tell_who_added(self):
        """Show what came of this event on the screen of the user who added the identifier.

        Without any value, and without what happened for those who may not read events.
        """
        user = self.identifier_added_by
        event = self.with_context(lang=user.lang)
        done = event.state == "processed"
        if user.has_group("spp_dci_client_crvs.group_crvs_viewer"):
            kinds = dict(event._fields["event_type"]._description_selection(event.env))
            standings = dict(event._fields["standing"]._description_selection(event.env))
            message = event.env._(
                "%(kind)s %(event)s, which waited for the number that you added: %(result)s.",
                kind=kinds[event.event_type],
                event=event.name,
                result=standings[event.standing],
            )
            if not done and event.remark:
                message = f"{message} {event.remark}"
        else:
            message = event.env._(
                "The civil registry's news about the number that you added has been looked at. "
                "Open the registrant again to see what changed."
            )
        user._bus_send(
            "simple_notification",
            {
                "type": "success" if done else "warning",
                "title": event.env._("Civil Registry"),
                "message": message,
                "sticky": True,
            },
        )
