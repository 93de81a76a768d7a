"""Every model, public method and restricted field, for every kind of user."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...models.asking import data_source
from ...models.trust.sender_key import parse_pem
from ...services.signature import jwks_fetch
from ..helpers.access_table import FIELDS, METHODS, RIGHTS, ROLES
from ..helpers.callback import new_key, pem_of
from ..helpers.events import EventCase

ADDON = ".spp_dci_client_crvs."
OPERATIONS = {"c": "create", "r": "read", "w": "write", "d": "unlink"}
QUIET = ("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model", "odoo.models")


class AccessCase(EventCase):
    """One record of every model, and users of all kinds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(cls.env, login=f"table_{role}", groups=groups)
            for role, groups in ROLES.items()
        }
        cls.person = cls.env["res.partner"].create({"name": "Ana", "is_registrant": True})
        key = parse_pem(pem_of(new_key()), "k")
        cls.made = {
            "spp.dci.crvs.sender": cls.sender,
            "spp.dci.crvs.sender.key": cls.env["spp.dci.crvs.sender.key"].create(
                cls.sender._key_values(key, cls.env.cr.now())
            ),
            "spp.dci.crvs.event": cls.env["spp.dci.crvs.event"].create(
                {"event_type": "death", "raw_data": "{}", "person_id": cls.person.id}
            ),
            "spp.dci.crvs.request": cls.env["spp.dci.crvs.request"].create(
                {
                    "transaction_id": "table",
                    "references": {"r": {}},
                    "data_source_id": cls.source.id,
                    "purpose": "death",
                }
            ),
            "spp.dci.crvs.subscription": cls.env["spp.dci.crvs.subscription"].create(
                {
                    "data_source_id": cls.source.id,
                    "event_type": "death",
                    "state": "cancelled",
                    "reference_id": "table",
                }
            ),
            "spp.dci.data.source": cls.source,
            "spp.dci.crvs.check": cls.env["spp.dci.crvs.check"].create(
                {
                    "name": "table",
                    "data_source_id": cls.source.id,
                    "user_id": cls.users["officer"].id,
                    "effect": "report",
                    "state": "done",
                }
            ),
            "spp.dci.crvs.pull": cls.env["spp.dci.crvs.pull"].create(
                {"data_source_id": cls.source.id, "event_type": "death"}
            ),
            "spp.dci.crvs.refusal": cls.env["spp.dci.crvs.refusal"].create(
                {
                    "claimed_sender": "table",
                    "reason": "sender",
                    "count": 1,
                    "first_date": "2026-01-01",
                    "last_date": "2026-01-01",
                }
            ),
            "spp.dci.crvs.undo": cls.env["spp.dci.crvs.undo"].create(
                {
                    "sender_id": cls.sender.id,
                    "since": "2026-01-01",
                    "reason": "test",
                    "started_by": cls.env.uid,
                }
            ),
        }
        cls.made["spp.dci.crvs.check.line"] = cls.env["spp.dci.crvs.check.line"].create(
            {
                "check_id": cls.made["spp.dci.crvs.check"].id,
                "partner_id": cls.person.id,
                "result": "dead",
            }
        )
        cls.made["spp.dci.crvs.candidate"] = cls.env["spp.dci.crvs.candidate"].create(
            {"event_id": cls.made["spp.dci.crvs.event"].id, "person_id": cls.person.id}
        )
        cls.made["spp.dci.crvs.undo.line"] = cls.env["spp.dci.crvs.undo.line"].create(
            {
                "undo_id": cls.made["spp.dci.crvs.undo"].id,
                "event_id": cls.made["spp.dci.crvs.event"].id,
                "result": "stopped",
            }
        )
        cls.made["spp.dci.crvs.message"] = cls.env["spp.dci.crvs.message"].create(
            {
                "sender_id": cls.sender.id,
                "message_id": "table",
                "digest": "d",
                "kind": "notify",
                "outcome": "stored",
                "received_date": "2026-01-01",
                "signature": "s",
            }
        )
        cls.made["spp.dci.crvs.event"].message_id = cls.made["spp.dci.crvs.message"]
        cls.made["res.partner"] = cls.person
        cls.env.flush_all()

    def own_models(self):
        return {name for name in self.env.registry if name.startswith("spp.dci.crvs.")}

    @contextmanager
    def undone(self):
        """Undo whatever happens within, also in the cache."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
            self.env.flush_all()
        finally:
            self.env.invalidate_all(flush=False)
            savepoint.close(rollback=True)

    def outcome(self, function):
        """Call and undo; return ``refused``, ``failed`` for another reason, or ``done``."""
        with mute_logger(*QUIET):
            try:
                with self.undone():
                    function()
            except AccessError:
                return "refused"
            except (UserError, ValueError, NotImplementedError):
                return "failed"
            return "done"

    def is_refused(self, function):
        return self.outcome(function) == "refused"


@tagged("post_install", "-at_install")
class TestRights(AccessCase):
    def test_every_model_is_in_the_table(self):
        self.assertEqual(
            {name for name in self.own_models() if not self.env[name]._abstract}, set(RIGHTS)
        )

    def test_each_role_has_these_rights_and_no_others(self):
        for name, expected in RIGHTS.items():
            record = self.made.get(name, self.env[name])
            for role, user in self.users.items():
                mine = record.with_user(user)
                allowed = {letter for letter, op in OPERATIONS.items() if mine.has_access(op)}
                with self.subTest(model=name, role=role):
                    self.assertEqual(allowed, set(expected.get(role, "")))

    def test_officers_see_their_own_checks_only(self):
        check = self.made["spp.dci.crvs.check"]
        check.user_id = self.users["manager"]
        self.env.flush_all()
        officer, manager = self.users["officer"], self.users["manager"]
        for record in (check, self.made["spp.dci.crvs.check.line"]):
            self.assertFalse(record.with_user(officer).has_access("read"))
            self.assertFalse(record.with_user(officer).search([("id", "=", record.id)]))
            self.assertTrue(record.with_user(manager).has_access("read"))
        for model, method in METHODS:
            if model == check._name and method.startswith("action_"):
                mine = check.with_user(officer)
                self.assertTrue(self.is_refused(getattr(mine, method)), method)


@tagged("post_install", "-at_install")
class TestMethods(AccessCase):
    """Methods are called as over RPC; what is allowed may still be impossible for other reasons."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry_enter_test_mode_cls()
        cls.sender.jwks_url = "https://keys.invalid/jwks.json"
        # Nobody answers: nothing of this depends on a registry.
        cls.source.base_url = "http://127.0.0.1:9"

    def setUp(self):
        super().setUp()

        def fetch_jwks(*_args, **_options):
            raise jwks_fetch.KeyFetchError("timeout")

        self.startPatcher(patch.object(jwks_fetch, "fetch_jwks", fetch_jwks))
        self.startPatcher(patch.object(data_source, "try_dialects", lambda *_args: []))

    def _wizard_values(self, name):
        event, source = self.made["spp.dci.crvs.event"], self.source
        return {
            "spp.dci.crvs.birth.answer": {
                "partner_id": self.person.id,
                "data_source_id": source.id,
                "result": "differs",
            },
            "spp.dci.crvs.death.answer": {
                "partner_id": self.person.id,
                "data_source_id": source.id,
                "result": "not_dead",
            },
            "spp.dci.crvs.check.wizard": {"data_source_id": source.id, "scope": "selected"},
            "spp.dci.crvs.check.pause": {"check_id": self.made["spp.dci.crvs.check"].id},
            "spp.dci.crvs.dialect.wizard": {"data_source_id": source.id},
            "spp.dci.crvs.event.reassign": {
                "event_id": event.id,
                "person_id": self.person.id,
                "reason": " ",
            },
            "spp.dci.crvs.event.reverse": {
                "event_ids": [Command.set(event.ids)],
                "reason": " ",
            },
            "spp.dci.crvs.event.review": {
                "event_ids": [Command.set(event.ids)],
                "remark": " ",
            },
            "spp.dci.crvs.import.wizard": {
                "data_source_id": source.id,
                "date_from": "2026-01-01",
                "death": False,
            },
            "spp.dci.crvs.overview": {},
            "spp.dci.crvs.connect.wizard": {"data_source_id": source.id},
            "spp.dci.crvs.subscribe.wizard": {
                "data_source_id": source.id,
                "birth": False,
                "death": False,
            },
            "spp.dci.crvs.stolen.key": {
                "sender_id": self.sender.id,
                "since": "2026-01-01",
                "reason": " ",
            },
        }[name]

    def _target(self, name, user):
        """Return what a user can call a method on."""
        model = self.env[name].with_user(user)
        if model._abstract:
            return model
        if not model._transient:
            return self.made[name].with_user(user)
        if not model.has_access("create"):
            return model.sudo().create(self._wizard_values(name)).with_user(user)
        return model.create(self._wizard_values(name))

    def _arguments(self, name, method):
        if method == "process":
            return (self.made["spp.dci.crvs.event"].ids,)
        return ("nobody",) if method == "get_by_sender_id" else ()

    def _call(self, target, method, *arguments):
        return get_public_method(target, method)(target, *arguments)

    def test_every_public_method_is_in_the_table(self):
        found = set()
        for name in self.env.registry:
            classes = type(self.env[name]).mro()
            others = [cls for cls in classes if ADDON not in f".{cls.__module__}."]
            for cls in classes:
                if cls not in others:
                    found |= {
                        (name, method)
                        for method, value in vars(cls).items()
                        if callable(value)
                        and not method.startswith("_")
                        # Of what it overrides, the rights are Odoo's.
                        and not hasattr(models.BaseModel, method)
                        and not any(method in vars(other) for other in others)
                    }
        self.assertEqual(found, set(METHODS))

    def test_each_role_may_call_these_methods_and_no_others(self):
        for (name, method), allowed in METHODS.items():
            for role, user in self.users.items():
                with self.subTest(model=name, method=method, role=role), self.undone():
                    target = self._target(name, user)
                    refused = self.is_refused(
                        lambda target=target, name=name, method=method: self._call(
                            target, method, *self._arguments(name, method)
                        )
                    )
                    self.assertEqual(refused, role not in allowed)

    def test_who_is_refused_is_refused_without_records_too(self):
        for (name, method), allowed in METHODS.items():
            for role in set(ROLES) - allowed:
                target = self.env[name].with_user(self.users[role])
                with self.subTest(model=name, method=method, role=role):
                    outcome = self.outcome(
                        lambda target=target, name=name, method=method: self._call(
                            target, method, *self._arguments(name, method)
                        )
                    )
                    self.assertNotEqual(outcome, "done")


@tagged("post_install", "-at_install")
class TestFields(AccessCase):
    """Who may not know a field learns nothing of it by searching, sorting or grouping either."""

    def _cases(self):
        """Yield each restricted field with the users who read its model but not the field."""
        order = [role for role in list(ROLES)[:-1] if role != "auditor"]
        for (name, field), least in FIELDS.items():
            for role in order[: order.index(least)]:
                record = self.made[name].with_user(self.users[role])
                if record.has_access("read"):
                    yield name, field, role, record

    def test_every_restricted_field_is_in_the_table(self):
        found = {
            (name, field.name)
            for name in self.env.registry
            for field in self.env[name]._fields.values()
            if field.groups and "spp_dci_client_crvs." in field.groups and not field.inherited
        }
        self.assertEqual(found, set(FIELDS))

    def test_the_least_role_reads_it(self):
        for (name, field), least in FIELDS.items():
            with self.subTest(model=name, field=field):
                for role in (least, "auditor"):
                    self.made[name].with_user(self.users[role]).read([field])

    def test_nobody_below_reads_or_exports_it(self):
        cases = list(self._cases())
        self.assertGreater(len(cases), 30)
        for name, field, role, record in cases:
            with self.subTest(model=name, field=field, role=role):
                for function in (
                    lambda record=record, field=field: record.read([field]),
                    lambda record=record, field=field: record.web_read({field: {}}),
                    lambda record=record, field=field: record.search_read([], [field]),
                    lambda record=record, field=field: record.export_data([field]),
                ):
                    self.assertTrue(self.is_refused(function))
                self.assertNotIn(field, record.fields_get())

    def test_nobody_below_searches_sorts_or_groups_by_it(self):
        for name, field, role, record in self._cases():
            with self.subTest(model=name, field=field, role=role):
                for function in (
                    lambda record=record, field=field: record.search([(field, "=", "a")]),
                    lambda record=record, field=field: record.search([(field, "ilike", "a")]),
                    lambda record=record, field=field: record.search([], order=field),
                    lambda record=record, field=field: record.formatted_read_group(
                        [], [field], ["__count"]
                    ),
                    lambda record=record, field=field: record.formatted_read_group(
                        [], [], [f"{field}:count_distinct"]
                    ),
                ):
                    # Some kinds of fields cannot be asked for in this way by anybody.
                    self.assertNotEqual(self.outcome(function), "done")
                if record._fields[field].store:
                    self.assertTrue(
                        self.is_refused(
                            lambda record=record, field=field: record.search([], order=field)
                        )
                    )

    def test_nobody_below_gets_at_it_through_a_relation(self):
        officer = self.users["officer"]
        event = self.made["spp.dci.crvs.event"].with_user(officer)
        message = self.made["spp.dci.crvs.message"].with_user(officer)
        person = self.person.with_user(officer)
        for function in (
            lambda: message.search([("event_ids.raw_data", "ilike", "a")]),
            lambda: message.search([("event_ids", "any", [("raw_data", "ilike", "a")])]),
            lambda: event.search([("message_id.body", "!=", False)]),
            lambda: event.search([("message_id.transaction_id", "=", "x")]),
            lambda: message.search([("request_id.transaction_id", "=", "x")]),
            lambda: person.search([("crvs_event_ids.raw_data", "ilike", "a")]),
            lambda: message.web_read({"event_ids": {"fields": {"raw_data": {}}}}),
            lambda: event.export_data(["message_id/signature"]),
            lambda: person.export_data(["crvs_event_ids/raw_data"]),
        ):
            self.assertTrue(self.is_refused(function))
