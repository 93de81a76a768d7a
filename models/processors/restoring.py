"""Putting back what an event changed."""

from collections import defaultdict

from .batch import plain

# Fields that only make sense together: all are put back, or none.
_UNITS = {
    ("res.partner", "disabled"): "disabled",
    ("res.partner", "disabled_reason"): "disabled",
    ("res.partner", "disabled_by"): "disabled",
    ("spp.program.membership", "state"): "state",
    ("spp.program.membership", "exit_date"): "state",
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
            if self.partner and record and self._partner_of(record) != self.partner:
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
        if all(plain(record[change["field"]]) == change["new"] for change in changes):
            record.write(self._old_values(record, changes))
            self._done(record, unit)
        elif all(self._hand_on(change) for change in changes):
            self._done(record, unit)
        else:
            self._leave(record._name, record.id, unit, self._label(record, unit))

    def _old_values(self, record, changes):
        values = {change["field"]: change["old"] for change in changes}
        if record._name == "spp.program.membership" and "state" in values:
            # Payments start again by a decision of people, not by an undo.
            values["state"] = "paused"
        return values

    def _hand_on(self, change):
        """Give the older value to the later event that overwrote ours.

        :return: whether there is one
        """
        for later in self._later_events():
            for position, other in enumerate(later.changes or []):
                same = all(other.get(key) == change[key] for key in ("model", "id", "field"))
                if same and other["old"] == change["new"]:
                    changes = [dict(entry) for entry in later.changes]
                    changes[position]["old"] = change["old"]
                    later.changes = changes
                    return True
        return False

    def _remove(self, record, change):
        """Delete a record that the event created, unless somebody gave it another content."""
        current = {name: plain(record[name]) for name in change["created"]}
        status = {"model": record._name, "id": record.id, "field": "status"}
        if current != change["created"] and not self._forget({**status, "old": "valid"}):
            self._leave(record._name, record.id, "created", self._label(record, "value"))
            return
        self._done(record, "value")
        record.unlink()

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

    def _partner_of(self, record):
        return record if record._name == "res.partner" else record.partner_id

    def _label(self, record, unit):
        """Name a field in words, with the program for a membership; never a value of a person."""
        label = record._fields[unit]._description_string(record.env)
        if record._name == "spp.program.membership":
            return f"{record.program_id.display_name}: {label}"
        if record._name == "spp.registry.id":
            return record.id_type_id.display_name
        return label

    def _done(self, record, unit):
        self.done[self._partner_of(record).id].append(self._label(record, unit))

    def _leave(self, model, record_id, unit, label):
        self.left.insert(0, {"model": model, "id": record_id, "field": unit, "label": label})
