"""Putting back what an event changed."""

from collections import defaultdict

from psycopg2 import IntegrityError

from odoo.exceptions import UserError

from .batch import partner_of, plain

# Fields that only make sense together: all are put back, or none.
_UNITS = {
    ("res.partner", "disabled"): "disabled",
    ("res.partner", "disabled_reason"): "disabled",
    ("res.partner", "disabled_by"): "disabled",
    ("spp.program.membership", "state"): "state",
    ("spp.program.membership", "exit_date"): "state",
    ("spp.program.membership", "exit_reason"): "state",
    ("spp.registry.id", "value"): "status",
    ("spp.registry.id", "verification_method"): "status",
    ("spp.registry.id", "verification_date"): "status",
    ("spp.registry.id", "verification_source"): "status",
}


class Restorer:
    """Puts back what one event changed, as far as nobody else changed it since.

    A value that a later event of ours overwrote is no reason to leave it: the older value is
    handed on to that event, which would put it back in turn.

    :ivar left: what was not put back: dicts of ``model``, ``id``, ``field`` and ``label``.
    :ivar done: labels of what was put back, by partner id.
    :ivar kept: the changes that stay, those of other registrants than the one asked for.
    """

    def __init__(self, event, partner=None):
        """
        :param event: the ``spp.dci.crvs.event``, in the environment that may write
        :param partner: only what concerns this registrant; everything when None
        """
        self.event = event
        self.env = event.env
        self.partner = partner
        self.left = []
        self.done = defaultdict(list)
        self.kept = []
        self._later = None

    def run(self):
        """Put back; the last change first."""
        units = defaultdict(list)
        for change in self.event.changes or []:
            name = change.get("field")
            unit = "created" if name is None else _UNITS.get((change["model"], name), name)
            units[change["model"], change["id"], unit].append(change)
        for (model, record_id, unit), changes in reversed(units.items()):
            record = self.env[model].browse(record_id) if model in self.env else None
            record = record is not None and record.exists()
            if self.partner and record and partner_of(record) != self.partner:
                self.kept = changes + self.kept
            elif not record:
                self._leave(model, record_id, unit, self.env._("no longer there"))
            elif unit == "created":
                self._remove(record, changes[0])
            else:
                self._write_back(record, unit, changes)
        return self

    # ------------------------------------------------------------------

    def _write_back(self, record, unit, changes):
        if all(self._stands(record, change) for change in changes):
            back = self._try(lambda: record.write(self._old_values(record, changes)))
        else:
            back = self._hand_on(record, changes)
        if back:
            self._done(record, unit)
        else:
            self._leave(record._name, record.id, unit, self._label(record, unit))

    def _stands(self, record, change):
        return plain(record[change["field"]]) == change["new"]

    def _try(self, work):
        """Do something that the base modules, or what they ask of PostgreSQL, may refuse.

        :return: whether they let it pass
        """
        try:
            with self.env.cr.savepoint():
                work()
        except (UserError, IntegrityError):
            return False
        return True

    def _old_values(self, record, changes):
        values = {change["field"]: change["old"] for change in changes}
        if record._name == "spp.program.membership" and "state" in values:
            # Payments start again by a decision of people, not by an undo.
            values["state"] = "paused"
        return values

    def _hand_on(self, record, changes):
        """Give the older values to the later event that overwrote ours.

        :return: whether there is one
        """
        for later in self._later_events():
            theirs = self._fields_changed(later, record)
            if not any(change["field"] in theirs for change in changes) or not all(
                theirs[change["field"]]["old"] == change["new"]
                if change["field"] in theirs
                else self._stands(record, change)
                for change in changes
            ):
                continue
            ours = {change["field"]: change for change in changes}
            later.changes = [
                {**other, "old": ours.pop(other["field"])["old"]}
                if other in theirs.values() and other["field"] in ours
                else other
                for other in later.changes
            ] + list(ours.values())
            return True
        return False

    def _fields_changed(self, event, record):
        """Return what an event changed on a record, by field."""
        return {
            change["field"]: change
            for change in event.changes or []
            if (change["model"], change["id"]) == (record._name, record.id) and "field" in change
        }

    def _remove(self, record, change):
        """Delete a record that the event created, unless somebody gave it another content."""
        current = {name: plain(record[name]) for name in change["created"]}
        status = {"model": record._name, "id": record.id, "field": "status"}
        if current != change["created"] and not self._forget({**status, "old": "valid"}):
            if self._hand_on_creation(record, change):
                self._done(record, "value")
            else:
                self._leave(record._name, record.id, "created", self._label(record, "value"))
            return
        label = self._label(record, "value")
        partner_id = partner_of(record).id
        if self._try(record.unlink):
            self.done[partner_id].append(label)
        else:
            self._leave(record._name, record.id, "created", label)

    def _hand_on_creation(self, record, change):
        """Let the later event that gave a row its present number be the one that created it.

        :return: whether there is one
        """
        for later in self._later_events():
            theirs = self._fields_changed(later, record)
            if "value" not in theirs or theirs["value"]["old"] != change["created"]["value"]:
                continue
            created = {
                name: theirs[name]["new"] if name in theirs else value
                for name, value in change["created"].items()
            }
            later.changes = [
                *(other for other in later.changes if other not in theirs.values()),
                {**change, "created": created},
            ]
            return True
        return False

    def _forget(self, wanted):
        """Drop a change from the later event that made it.

        :return: whether there is one
        """
        for later in self._later_events():
            rest = [c for c in later.changes or [] if not wanted.items() <= c.items()]
            if len(rest) < len(later.changes or []):
                later.changes = rest
                return True
        return False

    def _later_events(self):
        """Return processed events of the same registrants that came after this one."""
        if self._later is None:
            persons = self.event.person_id | self.event.spouse_id
            self._later = self.event.search(
                [
                    ("id", "!=", self.event.id),
                    ("state", "=", "processed"),
                    ("outcome", "not in", ("reversed", "reassigned")),
                    ("processed_date", ">=", self.event.processed_date),
                    "|",
                    ("person_id", "in", persons.ids),
                    ("spouse_id", "in", persons.ids),
                ],
                order="processed_date, id",
            )
        return self._later

    # ------------------------------------------------------------------

    def _label(self, record, unit):
        """Name a field in words, with programme and cycle; never a value of a person."""
        label = record._fields[unit]._description_string(record.env)
        if record._name == "spp.registry.id":
            return record.id_type_id.display_name
        if record._name == "res.partner":
            return label
        names = [
            record[field].display_name
            for field in ("program_id", "cycle_id")
            if field in record._fields
        ]
        return f"{', '.join(names) or record._description}: {label}"

    def _done(self, record, unit):
        self.done[partner_of(record).id].append(self._label(record, unit))

    def _leave(self, model, record_id, unit, label):
        self.left.insert(0, {"model": model, "id": record_id, "field": unit, "label": label})
