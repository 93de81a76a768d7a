"""The table of an event's transitions, walked."""

import ast
from pathlib import Path

from odoo.tests import tagged

from ...models.event import event as event_module
from ...models.event.event import SITUATIONS, TRANSITIONS
from ..helpers.events import EventCase

# What decides where an event stands.
_DECIDING = {"state", "outcome", "error_kind", "hold_reason", "next_attempt"}
_ROOM = Path(event_module.__file__).parent


@tagged("post_install", "-at_install")
class TestTransitions(EventCase):
    def at(self, situation):
        """Return an event that stands there, put there by hand."""
        event = self.store(self.vital("death", {"UIN": situation}))
        values = {
            name: value[0] if isinstance(value, tuple) else value
            for name, value in SITUATIONS[situation].items()
        }
        values |= {"failed": {"error_kind": "technical"}, "held": {"hold_reason": "brake"}}.get(
            situation, {}
        )
        event.write(values)
        self.assertEqual(event._situation(), situation)
        return event

    def test_each_way_is_open_where_the_table_says_so_and_nowhere_else(self):
        for transition, (begins, target) in TRANSITIONS.items():
            outcome = SITUATIONS[target or "waiting"].get("outcome")
            values = {"outcome": outcome[-1]} if isinstance(outcome, tuple) else {}
            for situation in SITUATIONS:
                with self.subTest(transition=transition, situation=situation):
                    event = self.at(situation)
                    if situation not in begins:
                        with self.assertRaises(ValueError):
                            event._move(transition, **values)
                        self.assertEqual(event._situation(), situation)
                        event.unlink()
                        continue
                    event._move(transition, **values)
                    self.assertEqual(event._situation(), target or situation)
                    if target not in ("failed", "handed_over", None):
                        self.assertFalse(event.error_kind)
                    if target and target != "held" and target != "handed_over":
                        self.assertFalse(event.hold_reason)
                    event.unlink()

    def test_the_ways_lead_everywhere_and_only_withdrawn_is_the_end(self):
        self.assertEqual(
            {target for _begins, target in TRANSITIONS.values()} - {None}, {*SITUATIONS}
        )
        begins = {begin for begins, _target in TRANSITIONS.values() for begin in begins}
        self.assertEqual({*SITUATIONS} - begins, {"withdrawn"})

    def test_every_value_of_the_fields_has_its_place(self):
        for field in ("state", "outcome"):
            placed = set()
            for values in SITUATIONS.values():
                value = values.get(field)
                placed |= set(value) if isinstance(value, tuple) else {value}
            offered = {key for key, _label in self.events._fields[field].selection}
            self.assertEqual(placed - {False, None}, offered)

    def test_nobody_else_writes_what_decides(self):
        """No dict or keyword of another file of the models names a deciding field of an event."""
        wrong = []
        for path in sorted(_ROOM.parent.glob("event/*.py")):
            if path.name in ("event.py", "event_intake.py", "undo_run.py"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Assign):
                    names = {t.attr for t in node.targets if isinstance(t, ast.Attribute)}
                elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "write":
                    names = {
                        key.value
                        for arg in node.args
                        if isinstance(arg, ast.Dict)
                        for key in arg.keys
                        if isinstance(key, ast.Constant)
                    }
                else:
                    continue
                if path.name == "event_queue.py":
                    names -= {"error_kind"}  # of what is failed in the next line
                wrong += [f"{path.name}:{node.lineno} {name}" for name in names & _DECIDING]
        self.assertFalse(wrong)
