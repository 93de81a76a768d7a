from datetime import timedelta
from itertools import groupby

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ... import const
from ...services import records, wording
from ..mixins import check_group, number
from .batch import Batch, Case
from .matcher import placeholders

# Seconds after which an event is looked at again whose registrant was locked.
LOCKED_DELAY_S = 1


class CRVSProcessor(models.AbstractModel):
    """Applies events to registrants.

    One model per event type inherits this one, found by its name
    ``spp.dci.crvs.processor.<event type>``, and says in :meth:`_apply` what the event does.
    Everything around it is here, for the events of a batch together: read, match, lock, apply in
    the order of dates, note in the registrants' histories, decide the outcome.
    """

    _name = "spp.dci.crvs.processor"
    _description = "CRVS Event Processor"

    # Set by the models of one event type.
    _event_type = None

    @api.model
    def process(self, events):
        """Apply events.

        The engine calls this for events of one type whose registrants (``person_id``) are known
        and locked, in the order of their dates: extend it to do more, before or after ``super()``.
        Whoever else calls it has the events matched, locked and processed, as far as they are
        not yet.

        :param events: recordset of ``spp.dci.crvs.event``, of this processor's type
        :return: True
        :raise ValidationError: for anything but such a recordset
        :raise AccessError: for users who are not CRVS officers
        """
        check_group(self.env, "officer")
        if not isinstance(events, models.BaseModel) or events._name != "spp.dci.crvs.event":
            raise ValidationError(self.env._("Only records of CRVS events can be processed."))
        if self._event_type and any(
            event.event_type != self._event_type for event in events.sudo()
        ):
            raise ValidationError(
                self.env._("This processor takes events of one type only: %s.", self._event_type)
            )
        batch = self.env.context.get("crvs_batch")
        if self.env.su and isinstance(batch, Batch):
            self._apply(batch.cases_of(events), batch)
        else:
            events.with_env(self.env)._process_now()
        return True

    # ------------------------------------------------------------------
    # To be extended by event type
    # ------------------------------------------------------------------

    @api.model
    def _apply(self, cases, batch):
        """Apply the effect of open cases of this type.

        The registrants are known and locked; none comes twice. Change them by
        :meth:`Case.write` only, and append to :attr:`Case.flags` what an officer should see.

        :param list[Case] cases: of this processor's type
        :param Batch batch: what was looked up for all events together
        """
        raise NotImplementedError

    @api.model
    def _precheck(self, case):
        """Refuse by :meth:`Case.fail` what cannot be applied whoever is meant."""

    @api.model
    def _prefetch_for_type(self, cases, batch):
        """Look up what the effects of this type depend on, for all cases together."""

    @api.model
    def _undone(self, event, restorer, asked_by):
        """Do what is left to do after what an event changed was put back.

        :param event: of this processor's type, in the technical user's environment
        :param Restorer restorer: what was put back and what was not
        :param asked_by: the manager, a ``res.users`` record
        """

    # ------------------------------------------------------------------
    # What the base modules may refuse
    # ------------------------------------------------------------------

    @api.model
    def _attempt(self, cases, work):
        """Do something that the base modules may refuse: all of it, or nothing.

        :param list[Case] cases: the cases on which `work` remembers what it does
        :param work: callable without arguments
        :return: whether it was done
        :rtype: bool
        """
        marks = [(case, case.mark()) for case in cases]
        try:
            with self.env.cr.savepoint():
                work()
        except UserError:
            for case, mark in marks:
                case.back_to(mark)
            return False
        return True

    @api.model
    def _attempt_each(self, cases, work, refused):
        """Do something that the base modules may refuse for all cases together, else for each.

        :param list[Case] cases:
        :param work: callable that takes a list of cases
        :param str refused: what to do then, a flag for each case for which it was refused
        :return: the cases for which it was done
        :rtype: list[Case]
        """
        if not cases or self._attempt(cases, lambda: work(cases)):
            return cases
        done = []
        for case in cases:
            if self._attempt([case], lambda case=case: work([case])):
                done.append(case)
            else:
                case.flags.append(refused)
        return done

    @api.model
    def _write_together(self, cases, records, values, done):
        """Write the same on records of many cases, in one go.

        :param list[Case] cases:
        :param records: of the registrant of each case, by partner id
        :type records: dict[int, models.Model]
        :param dict values: by field
        :param str done: what this is in words, for the registrants' histories
        """
        different = [case.announce(records[case.person.id], values, done) for case in cases]
        different[0].union(*different).write(values)

    @api.model
    def _by_partner(self, model, domain, field="partner_id"):
        """Find records of registrants.

        :return: records by partner id; empty where the module is not installed
        :rtype: dict[int, models.Model]
        """
        if model not in self.env:
            return {}
        return dict(self.env[model].search(domain).grouped(lambda record: record[field].id))

    # ------------------------------------------------------------------
    # The way of a batch
    # ------------------------------------------------------------------

    @api.model
    def _process(self, events):
        """Process locked events together.

        :param events: in the environment of the technical user
        :return: number of events that got a step further; the registrants of the others are
            locked by somebody else
        """
        batch = self._new_batch(events)
        for case in batch.cases:
            self._read_case(case, batch)
        self.env["spp.dci.crvs.matcher"]._match(batch)
        self._lock_persons(batch)
        self._prefetch_versions(batch)
        self._take_back(batch)
        self._hold_undone(batch)
        self._hold_distrusted(batch)
        self._limit_deaths(batch)
        self._prefetch_batch(batch)
        for case in batch.open:
            case.event.person_id = case.person  # for whoever extends `process`
        for cases in batch.rounds():
            self._decide_versions(cases, batch)
            cases = [case for case in cases if case.open]
            cases.sort(key=lambda case: case.event.event_type)
            for event_type, group in groupby(cases, key=lambda case: case.event.event_type):
                events = self.env["spp.dci.crvs.event"].union(*(case.event for case in group))
                self._of(event_type).with_context(crvs_batch=batch).process(events)
            self._store_numbers(batch)
        self._supersede_replaced(batch)
        self._note(batch)
        self._finish(batch)
        return sum(not case.postponed for case in batch.cases)

    @api.model
    def _of(self, event_type):
        return self.env[f"spp.dci.crvs.processor.{event_type}"]

    @api.model
    def _new_batch(self, events):
        nobody = self.env["res.partner"]
        return Batch(
            env=self.env,
            cases=[Case(event=event, person=nobody, spouse=nobody) for event in events],
            now=fields.Datetime.now(),
            today=self.env["spp.dci.crvs.event"]._today(),
            placeholders=placeholders(self.env),
        )

    @api.model
    def _read_case(self, case, batch):
        """Read what the registry said and whether it can be applied today."""
        event = case.event
        try:
            case.vital = event._read_vital()
        except records.InvalidRecord as error:
            case.fail("invalid", self._unreadable(error))
            return
        if event.event_date != (case.vital.event_date or False):
            event.event_date = case.vital.event_date
        case.flag_codes.extend(case.vital.flags)
        if event.sender_id and not event.sender_id._may_speak_for(event.event_type, ()):
            case.fail(
                "invalid",
                self.env._(
                    "This sender may not report events of this type. If it should, a CRVS manager "
                    "can allow it on the sender; then retry."
                ),
            )
        elif not self._names_anybody(case.vital) and not event.forced_person_id:
            case.fail(
                "invalid",
                self.env._("The event names no identifier, so nobody can be found by it."),
            )
        elif event.event_date and event.event_date > event._today(event.company_id):
            self._wait_for_day(case, batch)
        else:
            self._of(event.event_type)._precheck(case)

    @api.model
    def _names_anybody(self, vital):
        """Whether a record has an identifier of somebody whom the event is about."""
        spouse = vital.person.spouse if vital.event_type in ("marriage", "divorce") else None
        return bool(vital.person.identifiers or (spouse and spouse.identifiers))

    @api.model
    def _wait_for_day(self, case, batch):
        """Wait for the day of an event that lies a little ahead; further ahead it is an error."""
        days = number(self.env, const.PARAM_FUTURE_D)
        last = case.event._today(case.event.company_id) + timedelta(days=days)
        if case.vital.withdraws or case.event.event_date <= last:
            case.outcome = "" if case.vital.withdraws else "scheduled"
        else:
            case.fail(
                "invalid",
                self.env._(
                    "The event lies further in the future than clocks and time zones explain. "
                    "Another calendar or a typing error looks like this: ask the registry for the "
                    "right date."
                ),
            )

    @api.model
    def _unreadable(self, error):
        if error.reason == "unknown_name":
            return self.env._(
                "The registry gives this event a name that is not known here, so it is not certain "
                "what happened. Read the original data, ask the registry, and enter it by hand."
            )
        return self.env._(
            "The record cannot be read: %s. Ask the registry to correct it and send it again.",
            error,
        )

    @api.model
    def _lock_persons(self, batch):
        """Lock the registrants; leave for later the events of those that somebody else has locked.

        The snapshot of this transaction is older than the lock. A registrant that another worker
        changed in between makes PostgreSQL raise a serialization failure here, and the batch
        starts anew; that is why every processed event writes its registrant.
        """
        ids = {person_id for case in batch.open for person_id in case.persons.ids}
        if not ids:
            return
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM res_partner WHERE id = ANY(%s)
                 ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
                """,
                list(ids),
            ),
            log_exceptions=False,
        )
        locked = {row[0] for row in self.env.cr.fetchall()}
        for case in batch.open:
            if not locked.issuperset(case.persons.ids):
                case.postponed = batch.now + timedelta(seconds=LOCKED_DELAY_S)

    @api.model
    def _prefetch_batch(self, batch):
        """Look up for all events together what the effects depend on."""
        self._prefetch_numbers(batch)
        for event_type in {case.event.event_type for case in batch.open}:
            self._of(event_type)._prefetch_for_type(
                [case for case in batch.open if case.event.event_type == event_type], batch
            )

    @api.model
    def _note(self, batch):
        """Leave a note in the history of every registrant that was changed, without any value."""
        notes = {}
        for case in batch.cases:
            for partner_id, done in case.done.items():
                text = self.env._(
                    "Civil registry, %(type)s %(event)s: %(done)s.",
                    type=case.event.event_type,
                    event=case.event.name,
                    done=", ".join(dict.fromkeys(done)),
                )
                notes.setdefault(partner_id, []).append(text)
        # One note per registrant and message: a registrant with two events gets two.
        while notes:
            bodies = {partner_id: texts.pop(0) for partner_id, texts in notes.items()}
            self.env["res.partner"].browse(bodies)._message_log_batch(
                bodies=bodies, author_id=self.env.user.partner_id.id
            )
            notes = {partner_id: texts for partner_id, texts in notes.items() if texts}

    @api.model
    def _log(self, notes):
        """Leave notes in the histories of records of other modules that keep one.

        :param notes: sentences by record
        :type notes: dict[models.Model, Sequence[str]]
        """
        by_model = {}
        for record, sentences in notes.items():
            if "message_ids" in record._fields:
                by_model.setdefault(record.browse(), {})[record.id] = " ".join(sentences)
        for model, bodies in by_model.items():
            model.browse(bodies)._message_log_batch(
                bodies=bodies, author_id=self.env.user.partner_id.id
            )

    @api.model
    def _finish(self, batch):
        """Write the outcome of each case on its event."""
        for case in batch.cases:
            sentences = (wording.flag(self.env, code) for code in dict.fromkeys(case.flag_codes))
            case.flags.extend(filter(None, sentences))
        self.env["res.partner"].browse(
            {person_id for case in batch.cases if case.settled for person_id in case.persons.ids}
        )._note_crvs_update(batch.now)
        self.env["spp.dci.crvs.event"]._take_results(batch)

    # ------------------------------------------------------------------
    # Vocabulary
    # ------------------------------------------------------------------

    @api.model
    def _codes(self, namespace):
        """Return the ids of a vocabulary's codes by upper-case code.

        :param str namespace: URI of the vocabulary
        :rtype: dict[str, int]
        """
        codes = self.env["spp.vocabulary.code"].search_fetch(
            [("namespace_uri", "=", namespace)], ["code"], order="id"
        )
        return {code.code.upper(): code.id for code in reversed(codes)}

    @api.model
    def _source_name(self, event):
        return event.data_source_id.name or event.sender_id.name or self.env._("Civil registry")
