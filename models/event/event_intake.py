import json
import uuid
from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL

from ...services import log_guard


class CRVSEvent(models.Model):
    """Storing what a registry said, each vital event once."""

    _inherit = "spp.dci.crvs.event"

    @api.model_create_multi
    def create(self, vals_list):
        """Complete events that code of another addon makes by itself, and have them processed.

        Registries' messages go through :meth:`_store`, which recognises repeated content; what
        is created here is new each time.
        """
        names = self._next_names(len(vals_list))
        now = fields.Datetime.now()
        events = super().create(
            [
                {
                    "name": name,
                    "origin": "code",
                    "digest": uuid.uuid4().hex,
                    "received_date": now,
                    "version_time": now,
                    "next_attempt": now if values.get("state", "received") == "received" else False,
                    **values,
                }
                for name, values in zip(names, vals_list, strict=True)
            ]
        )
        self._wake_scheduler()
        return events

    @api.model
    def _store(
        self,
        vital_events,
        *,
        sender,
        data_source,
        message=None,
        source="notification",
        message_time=None,
    ):
        """Store vital events in `received` and wake the scheduler.

        An event that the same origin sent before is counted there and not stored again, unless
        it was undone. When it comes again as a later version than what stands, it is looked at
        again.

        Done in two statements whatever the number of events. The first one claims the content by
        its digest and carries nothing about a person, since it can fail: when another transaction
        stores the same event at the same instant, PostgreSQL raises a serialization failure,
        which must reach Odoo's own retry.

        :param vital_events: what ``services.records`` read, in the order received
        :type vital_events: Sequence[VitalEvent]
        :param sender: who signed for them; may be empty for what was found at a registry
        :param data_source: registry they came from; may be empty
        :param message: the inbox row
        :param str source: ``notification``, ``search`` or ``pull``
        :param datetime message_time: when the registry wrote the message, naive UTC; the version
            of items without a time stamp of their own
        :return: the new events, in the order received
        """
        now = fields.Datetime.now()
        by_digest, versions, repeats = {}, {}, Counter()
        for vital in vital_events:
            digest = vital.digest()
            if by_digest.setdefault(digest, vital) is not vital:
                repeats[digest] += 1
            # A clock that is ahead must not decide for ever.
            version = min(vital.timestamp or message_time or now, now)
            versions[digest] = max(version, versions.get(digest, version))
        if not by_digest:
            return self.browse()
        origin = {
            "origin": self._origin_key(sender, data_source),
            "sender": (sender and sender.id) or None,
            "company": (sender and sender.company_id.id) or None,
            "data_source": (data_source and data_source.id) or None,
        }
        with log_guard.statements_hidden():
            new = self._claim_digests(by_digest, versions, origin, message, source)
            if new:
                self._fill(new, by_digest)
            repeats.update(digest for digest in by_digest if digest not in new)
            self._count_repeats(repeats, versions, origin["origin"])
        stored = self.browse(new.values())
        if stored:
            # What other addons compute of events and store; ``create`` was not called.
            stored.modified(self._fields, create=True)
            self._wake_scheduler()
        return stored

    def _claim_digests(self, by_digest, versions, origin, message, source):
        """Insert the rows whose content is new for this origin.

        :return: new id by digest, in the order received
        :rtype: dict
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_dci_crvs_event (
                    digest, origin, name, event_type, sender_id, company_id, data_source_id,
                    message_id, source, state, next_attempt, received_date, version_time, attempts,
                    duplicate_count, active, standing, create_uid, create_date, write_uid,
                    write_date)
                SELECT item.digest, %(origin)s, item.name, item.event_type, %(sender)s,
                       %(company)s, %(data_source)s, %(message)s, %(source)s, 'received', %(now)s,
                       %(now)s, item.version, 0, 0, TRUE, 'waiting', %(uid)s, %(now)s, %(uid)s,
                       %(now)s
                  FROM unnest(%(digests)s::text[], %(names)s::text[], %(types)s::text[],
                              %(versions)s::timestamp[])
                       WITH ORDINALITY AS item (digest, name, event_type, version, position)
                 ORDER BY item.position
                ON CONFLICT DO NOTHING
                RETURNING digest, id
                """,
                digests=list(by_digest),
                names=self._next_names(len(by_digest)),
                types=[vital.event_type for vital in by_digest.values()],
                versions=[versions[digest] for digest in by_digest],
                message=(message and message.id) or None,
                source=source,
                now=fields.Datetime.now(),
                uid=self.env.uid,
                **origin,
            ),
            log_exceptions=False,
        )
        claimed = dict(self.env.cr.fetchall())
        return {digest: claimed[digest] for digest in by_digest if digest in claimed}

    def _fill(self, new, by_digest):
        """Write what concerns the person into rows that are ours already."""
        rows = []
        for digest, event_id in new.items():
            vital = by_digest[digest]
            identifiers = vital.person.identifiers
            first = identifiers[0] if identifiers else None
            rows.append(
                (
                    event_id,
                    first and first.type,
                    first and first.value,
                    vital.event_date,
                    vital.reference_id or None,
                    self._raw_text(vital.raw),
                )
            )
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_dci_crvs_event event
                   SET identifier_type = item.type, identifier_value = item.value,
                       event_date = item.event_date, reference = item.reference,
                       raw_data = item.raw_data
                  FROM unnest(%s::integer[], %s::text[], %s::text[], %s::date[], %s::text[],
                              %s::text[]) AS item (id, type, value, event_date, reference, raw_data)
                 WHERE event.id = item.id
                """,
                *(list(column) for column in zip(*rows, strict=True)),
            )
        )

    @staticmethod
    def _raw_text(raw):
        """Return JSON as UTF-8 can hold it: lone surrogates, which it cannot, stay escaped."""
        text = json.dumps(raw, ensure_ascii=False)
        try:
            text.encode()
        except UnicodeEncodeError:
            return json.dumps(raw)
        return text

    def _count_repeats(self, repeats, versions, origin):
        """Count repetitions; one of what no longer stands is a version of its own, if later."""
        if not repeats:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_dci_crvs_event event
                   SET duplicate_count = COALESCE(event.duplicate_count, 0) + item.times,
                       version_time = GREATEST(event.version_time, item.version)
                  FROM unnest(%(digests)s::text[], %(times)s::integer[], %(versions)s::timestamp[])
                       AS item (digest, times, version)
                  JOIN spp_dci_crvs_event old ON old.origin = %(origin)s
                   AND old.digest = item.digest
                   AND (old.outcome IS NULL OR old.outcome NOT IN ('reversed', 'reassigned'))
                 WHERE event.id = old.id
                RETURNING event.id, old.version_time < item.version
                """,
                digests=list(repeats),
                times=list(repeats.values()),
                versions=[versions[digest] for digest in repeats],
                origin=origin,
            ),
            log_exceptions=False,
        )
        later = self.browse(row[0] for row in self.env.cr.fetchall() if row[1])
        self.invalidate_model(["duplicate_count", "version_time"])
        later = later.filtered(lambda event: event.outcome == "superseded")
        if later:
            later._as_processor()._reconsider()
            self._wake_scheduler()

    @api.model
    def _ids_by_digest(self, origin, digests):
        """Return the events of an origin by their content, as far as they were not undone.

        :param str origin: see :meth:`_origin_key`
        :param digests: of the contents
        :rtype: dict[str, int]
        """
        self.flush_model(["origin", "digest", "outcome"])
        self.env.cr.execute(
            SQL(
                # The condition is that of the index.
                """
                SELECT digest, id FROM spp_dci_crvs_event
                 WHERE origin = %s AND digest = ANY(%s)
                   AND (outcome IS NULL OR outcome NOT IN ('reversed', 'reassigned'))
                """,
                origin,
                list(digests),
            )
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _origin_key(self, sender, data_source):
        """Return among whose events the same content is recognised: the sender's.

        Only what was found at a registry without a sender counts by the registry.
        """
        if sender:
            return f"sender/{sender.id}"
        return f"registry/{data_source.id}" if data_source else "none"

    @api.model
    def _next_names(self, count):
        """Return references for events that come together: the sequence's next, with a number each.

        :param int count: how many
        :rtype: list[str]
        """
        sequence = self.env["ir.model.data"]._xmlid_to_res_id(
            "spp_dci_client_crvs.seq_crvs_event", raise_if_not_found=True
        )
        reference = self.env["ir.sequence"].sudo().browse(sequence).next_by_id()
        if count == 1:
            return [reference]
        return [f"{reference}-{number}" for number in range(1, count + 1)]
