from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ...services.records.numbers import normal_form
from ..mixins import past

# Events of a couple are told apart by their registration number, since people marry again.
_OF_COUPLES = ("marriage", "divorce")


class Standing(NamedTuple):
    """The version of a fact that stands.

    :param order: by what versions are ordered
    :param event: the ``spp.dci.crvs.event``
    :param case: its case, when it is one of this batch
    """

    order: tuple
    event: models.BaseModel
    case: object = None


class CRVSProcessor(models.AbstractModel):
    """Versions of the truth: which one stands, what was taken back, and what an undo holds.

    A registry corrects what it registered, and its messages arrive in any order. Of several
    versions of one fact about a registrant the one with the latest time stamp stands.
    """

    _inherit = "spp.dci.crvs.processor"

    @api.model
    def _fact(self, person_id, event, registration_number):
        """Return the fact that an event is a version of."""
        if event.event_type in _OF_COUPLES:
            return person_id, event.event_type, registration_number or event.event_date
        return person_id, event.event_type

    @api.model
    def _version(self, event):
        return (past(event.version_time or event.received_date or event.create_date), event.id)

    @api.model
    def _prefetch_versions(self, batch):
        """Look up earlier events of the registrants concerned, in one query."""
        events = self.env["spp.dci.crvs.event"]
        ids = {person_id for case in batch.cases for person_id in case.persons.ids}
        if not ids:
            return
        events.flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM spp_dci_crvs_event
                 WHERE person_id = ANY(%s)
                   AND (state = 'processed' OR state = 'error' AND is_withdrawal)
                """,
                list(ids),
            )
        )
        found = events.browse(row[0] for row in self.env.cr.fetchall())
        found.fetch(
            [
                *("event_type", "outcome", "state", "version_time", "received_date", "event_date"),
                *("registration_number", "is_withdrawal", "person_id"),
            ]
        )
        for event in found:
            self._note_earlier(event, batch)

    @api.model
    def _note_earlier(self, event, batch):
        fact = self._fact(event.person_id.id, event, event.registration_number)
        if event.is_withdrawal:
            latest = batch.taken_back.get(fact)
            batch.taken_back[fact] = max(filter(None, (latest, self._version(event))))
        elif event.outcome in ("reversed", "reassigned"):
            batch.undone[event.person_id.id, event.event_type].add(event.digest)
        elif event.outcome != "superseded":
            version = Standing(self._version(event), event)
            standing = batch.standing.get(fact)
            if not standing or standing.order < version.order:
                batch.standing[fact] = version

    # === SENDERS NO LONGER TRUSTED === #

    @api.model
    def _hold_distrusted(self, batch):
        """Hold what an archived sender, or a key that was revoked since, has brought."""
        cases = [case for case in batch.open if case.event.sender_id and not case.event.released]
        fingerprints = {}
        for case in cases:
            sender = case.event.sender_id
            if sender.id not in fingerprints:
                fingerprints[sender.id] = sender._revoked_fingerprints()
            if not sender.active or (
                fingerprints[sender.id]
                and case.event.message_id.key_fingerprint in fingerprints[sender.id]
            ):
                case.hold("distrusted")

    # === TAKEN BACK BY THE REGISTRY === #

    @api.model
    def _take_back(self, batch):
        """Give withdrawals to an officer, and hold what they take back if it waits still."""
        events = self.env["spp.dci.crvs.event"]
        for case in batch.cases:
            if case.postponed:
                continue
            if case.vital and case.vital.withdraws:
                standing = batch.standing.get(self._fact_of(case, batch))
                earlier = standing.event if standing else events
                case.values.pop("waits_for", None)
                case.error = ()
                case.fail("invalid", self._withdrawal_message(earlier))
                case.event.write(
                    {
                        "is_withdrawal": True,
                        "person_id": case.person.id,
                        "withdraws_id": earlier.id,
                    }
                )
                self._hold_pending(case, batch)
            elif case.open:
                taken_back = batch.taken_back.get(self._fact_of(case, batch))
                if taken_back and taken_back > self._version(case.event):
                    self._hold(case, "withdrawn")

    @api.model
    def _withdrawal_message(self, earlier):
        if earlier:
            return self.env._(
                "The registry takes back what it reported before (%s). Look at that event and "
                "undo it if the registry is right.",
                earlier.name,
            )
        return self.env._(
            "The registry takes back an event that was not applied here. Nothing has to be undone; "
            "if in doubt, ask the registry."
        )

    @api.model
    def _hold_pending(self, case, batch):
        """Hold what a withdrawal takes back when it has found nobody yet."""
        digests = case.vital.withdrawn_digests()
        if not digests:
            return
        waiting = case.event.search(
            [
                ("origin", "=", case.event.origin),
                ("digest", "in", list(digests)),
                ("state", "in", ("received", "error")),
                ("id", "not in", [other.event.id for other in batch.cases]),
            ]
        )
        for event in waiting.try_lock_for_update(allow_referencing=True):
            if event._situation() in ("waiting", "scheduled", "failed"):
                event._hold("withdrawn")
                case.event.withdraws_id = event

    # === AN UNDO HOLDS === #

    @api.model
    def _hold_undone(self, batch):
        """Hold what was undone for a registrant before, until a manager decides.

        Any death, by whatever sender and with whatever content; of other kinds the same content.
        Also a death of somebody whom a person enabled again after a death.
        """
        for case in batch.open:
            event = case.event
            undone = batch.undone.get((case.person.id, event.event_type), ())
            if undone and (event.event_type == "death" or event.digest in undone):
                self._hold(case, "repeated")
            elif event.event_type == "death" and not case.person.disabled:
                standing = batch.standing.get(self._fact_of(case, batch))
                if standing and standing.event != event:
                    self._hold(case, "enabled_again")

    @api.model
    def _hold(self, case, reason):
        """Hold a case, unless a manager let it pass."""
        if not case.event.released:
            case.hold(reason)

    # === THE LATEST STANDS === #

    @api.model
    def _fact_of(self, case, batch):
        number = self._number_of(case, batch)
        case.registration_number = normal_form(number[1]) if number else ""
        return self._fact(case.person.id, case.event, case.registration_number)

    @api.model
    def _decide_versions(self, cases, batch):
        """Supersede what is older than what stands, and note what the others replace.

        :param list[Case] cases: of one round, none of the same registrant as another
        """
        for case in cases:
            fact, order = self._fact_of(case, batch), self._version(case.event)
            standing = batch.standing.get(fact)
            if standing and standing.event == case.event:
                standing = None
            if standing and standing.order > order:
                case.supersede(
                    self.env._("A later version of this event stands (%s).", standing.event.name)
                )
                continue
            case.replaces = standing
            batch.standing[fact] = Standing(order, case.event, case)

    @api.model
    def _supersede_replaced(self, batch):
        """Mark the versions that others replaced."""
        for case in batch.cases:
            if not (case.replaces and case.settled and case.outcome != "superseded"):
                continue
            remark = self.env._("A later version of this event stands (%s).", case.event.name)
            # It decides no civil status any more, which one that is only older goes on to do for
            # the other half of the couple.
            over = {"person_status_set": False, "spouse_status_set": False}
            if case.replaces.case:
                case.replaces.case.supersede(remark)
                case.replaces.case.values.update(over)
            else:
                case.replaces.event._move(
                    "amend", outcome="superseded", error_message=remark, **over
                )

    @api.model
    def _replaced_changes(self, case):
        """Return what the version that a case replaces had changed.

        :return: entries of ``spp.dci.crvs.event.changes``
        :rtype: list[dict]
        """
        if not case.replaces:
            return []
        if case.replaces.case:
            return case.replaces.case.changes
        return case.replaces.event.changes or []
