"""When a message is written, which is when the life of its signature begins."""

import unittest

from odoo.exceptions import UserError

from odoo.addons.spp_dci_client_crvs.services.pending_search import PendingSearch


class Registry:
    """Records what is done with it."""

    def __init__(self, sends_next=True):
        self.sends_next = sends_next
        self.steps = []
        self.fails = False
        self.given = None
        self.under_way = None
        self.answers_nonsense = False

    def endpoint(self, name):
        return f"/registry/{name}"

    def write(self, action, message):
        self.steps.append(("write", message))
        return {"message": message}

    def send_next(self, endpoint, envelope):
        self.steps.append(("next", envelope["message"]))
        self.given = envelope

    def send(self, endpoint, envelope):
        self.steps.append(("send", envelope["message"]))
        if self.fails:
            raise UserError("unreachable")
        self.under_way, self.given = self.given, None
        if self.answers_nonsense:
            raise UserError("unreadable")
        return {}

    def is_under_way(self, envelope):
        return self.under_way is envelope


class TestPendingSearch(unittest.TestCase):
    def searches(self, registry):
        return [PendingSearch(registry, message, [], None) for message in ("one", "two")]

    def test_the_following_one_is_handed_over_before_the_wait(self):
        registry = Registry()
        one, two = self.searches(registry)
        one.wait(two)
        two.wait()
        self.assertEqual(
            registry.steps,
            [
                *[("write", "one"), ("write", "two"), ("next", "two"), ("send", "one")],
                ("send", "two"),
            ],
        )

    def test_it_is_written_anew_when_the_one_before_it_failed(self):
        registry = Registry()
        registry.fails = True
        one, two = self.searches(registry)
        with self.assertRaises(UserError):
            one.wait(two)
        registry.fails = False
        two.wait()
        self.assertEqual(registry.steps[-2:], [("write", "two"), ("send", "two")])

    def test_it_is_not_written_anew_when_it_is_under_way_all_the_same(self):
        registry = Registry()
        registry.answers_nonsense = True
        one, two = self.searches(registry)
        with self.assertRaises(UserError):
            one.wait(two)
        registry.answers_nonsense = False
        two.settle()
        two.wait()
        self.assertEqual(registry.steps[-2:], [("send", "one"), ("send", "two")])

    def test_it_is_not_written_early_for_a_client_that_cannot_send_it(self):
        registry = Registry(sends_next=False)
        one, two = self.searches(registry)
        one.wait(two)
        self.assertEqual(registry.steps, [("write", "one"), ("send", "one")])

    def test_what_is_under_way_is_settled_once(self):
        registry = Registry()
        one, two = self.searches(registry)
        one.wait(two)
        two.settle()
        self.assertEqual(registry.steps[-1], ("send", "two"))
        steps = len(registry.steps)
        two.settle()
        # The one after it would be sent after who knows what.
        two.wait(PendingSearch(registry, "three", [], None))
        self.assertEqual(len(registry.steps), steps)

    def test_how_it_was_settled_is_told_to_who_waits(self):
        registry = Registry()
        one, two = self.searches(registry)
        one.wait(two)
        registry.fails = True
        two.settle()
        registry.fails = False
        with self.assertRaisesRegex(UserError, "unreachable"):
            two.wait()

    def test_what_is_not_under_way_is_not_settled(self):
        registry = Registry(sends_next=False)
        one, two = self.searches(registry)
        one.wait(two)
        two.settle()
        self.assertEqual(registry.steps, [("write", "one"), ("send", "one")])
