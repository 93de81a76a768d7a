"""What users can do over RPC, for every model of this addon and whatever they call."""

from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..helpers.events import EventCase

TABLES = (
    "spp_dci_crvs_event",
    "spp_dci_crvs_message",
    "spp_dci_crvs_request",
    "spp_dci_crvs_sender",
    "spp_dci_crvs_sender_key",
    "spp_dci_crvs_subscription",
    "spp_dci_crvs_check",
    "spp_dci_crvs_pull",
    "spp_dci_crvs_undo",
    "spp_registry_id",
    "ir_cron_trigger",
)
PERSISTENT = ("create", "write", "unlink", "copy", "name_create", "web_save")


@tagged("post_install", "-at_install")
class TestAccess(EventCase):
    def setUp(self):
        super().setUp()
        self.person = self.registrant(ids={"UIN": "ACCESS-1"})
        self.event = self.store(self.vital("death", {"UIN": "ACCESS-1"}))
        self.strangers = [
            new_test_user(self.env, login="access_internal", groups="base.group_user"),
            new_test_user(self.env, login="access_portal", groups="base.group_portal"),
        ]

    def _models(self):
        return [
            name
            for name in self.env.registry
            if name.startswith("spp.dci.crvs.") and not self.env[name]._transient
        ]

    def _own_methods(self, name):
        """Return the public methods that this addon itself gives a model."""
        found = set()
        for cls in type(self.env[name]).mro():
            if ".spp_dci_client_crvs." in f"{cls.__module__}.":
                found |= {
                    method
                    for method, value in vars(cls).items()
                    if callable(value) and not method.startswith("_")
                }
        return sorted(found - set(PERSISTENT))

    def _fingerprint(self):
        self.env.flush_all()
        prints = {}
        for table in TABLES:
            self.env.cr.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t")  # pylint: disable=E8103
            prints[table] = self.env.cr.fetchone()[0]
        self.env.cr.execute(
            "SELECT disabled, death_date FROM res_partner WHERE id = %s", [self.person.id]
        )
        return prints, self.env.cr.fetchone()

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_strangers_change_nothing_whatever_they_call(self):
        before = self._fingerprint()
        called = 0
        for name in self._models():
            records = self.env[name]
            if not records._abstract:
                records = records.search([], limit=1)
            for method in self._own_methods(name):
                for user in self.strangers:
                    for arguments in ((), (self.event.ids,), ("crvs",)):
                        called += 1
                        try:
                            with self.env.cr.savepoint():
                                target = records.with_user(user)
                                get_public_method(target, method)(target, *arguments)
                        except (AccessError, UserError, TypeError, ValueError, AttributeError):
                            continue
        self.env.invalidate_all()
        self.assertEqual(self._fingerprint(), before)
        self.assertGreater(called, 50)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_nobody_creates_or_changes_the_record_of_what_was_received(self):
        users = [*self.strangers, self.viewer, self.officer, self.manager]
        users.append(self.env.ref("base.user_admin"))
        for name in ("spp.dci.crvs.event", "spp.dci.crvs.message", "spp.dci.crvs.request"):
            records = self.env[name].search([], limit=1)
            for user in users:
                with self.subTest(model=name, user=user.login):
                    model = self.env[name].with_user(user)
                    with self.assertRaises(AccessError):
                        model.create({})
                    with self.assertRaises(AccessError):
                        records.with_user(user).check_access(
                            "write"
                        ) if records else model.check_access("write")
                    with self.assertRaises(AccessError):
                        model.check_access("unlink")

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_strangers_see_nothing(self):
        for name in self._models():
            if self.env[name]._abstract:
                continue
            for user in self.strangers:
                if name == "spp.dci.crvs.event" and user._is_internal():
                    continue  # reads what happened to whom, and no more
                with self.subTest(model=name, user=user.login), self.assertRaises(AccessError):
                    self.env[name].with_user(user).search([])
