import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...services import dialects
from ...services.asking.registry import Registry
from ..mixins import check_group

_ICONS = {
    True: ("fa-check-circle text-success", "Done"),
    False: ("fa-times-circle text-danger", "Missing"),
    None: ("fa-exclamation-circle text-warning", "Advised"),
}
_ROW = Markup(
    '<li class="d-flex mb-1"><i class="fa {icon} mt-1 me-2" title="{title}"></i>'
    '<span class="text-break" style="min-width: 0"><b>{name}</b> <bdi>{note}</bdi></span></li>'
)


class Item(NamedTuple):
    """One line of the list of what a connection needs.

    :param step: of the guide that sees to it
    :param done: None where it is advised only
    :param name: what is needed
    :param note: how it is, or what to do
    """

    step: str
    done: bool | None
    name: str
    note: str


class SppDciDataSource(models.Model):
    """What the connection to a civil registry has, and what it lacks."""

    _inherit = "spp.dci.data.source"

    crvs_checklist = fields.Html(
        "Checklist", compute="_compute_crvs_checklist", compute_sudo=True, sanitize=False
    )
    crvs_is_complete = fields.Boolean(compute="_compute_crvs_checklist", compute_sudo=True)

    @api.depends(
        *("base_url", "dialect", "registry_type", "auth_type", "state", "last_test_date"),
        *("our_sender_id", "our_callback_uri", "signing_key_id.state", "receiver_id"),
        *("crvs_sender_id.active", "crvs_sender_id.compared_fingerprint"),
    )
    def _compute_crvs_checklist(self):
        for source in self:
            if not source.is_civil_registry:
                source.crvs_checklist = source.crvs_is_complete = False
                continue
            items = source._crvs_items()
            rows = Markup("").join(source._crvs_row(item) for item in items)
            source.crvs_checklist = Markup('<ul class="list-unstyled mb-0">{}</ul>').format(rows)
            source.crvs_is_complete = all(item.done is not False for item in items)

    def _crvs_row(self, item):
        icon, title = _ICONS[item.done]
        titles = {
            "Done": self.env._("Done"),
            "Missing": self.env._("Missing"),
            "Advised": self.env._("Advised"),
        }
        return _ROW.format(icon=icon, title=titles[title], name=item.name, note=item.note)

    def _crvs_items(self):
        """Return what a connection needs, in the order in which the guide sees to it.

        :rtype: list[Item]
        """
        self.ensure_one()
        source = self._origin.sudo() or self.sudo()
        dialect = dialects.get(source.dialect)
        return [
            source._crvs_item_name(),
            *([source._crvs_item_callback()] if dialect.can_subscribe else ()),
            source._crvs_item_signing(dialect),
            source._crvs_item_credentials(),
            source._crvs_item_test(),
            *source._crvs_items_keys(),
            source._crvs_item_events(dialect),
        ]

    def _crvs_item_name(self):
        name = self.env._("Our name at the registry:")
        if self.our_sender_id:
            return Item("us", True, name, self.our_sender_id)
        return Item(
            *("us", False, name),
            self.env._("missing. Ask the registry's administrator what it calls us."),
        )

    def _crvs_item_callback(self):
        name = self.env._("Where it reaches us:")
        address = Registry(self.env, self).callback_url()
        if not address.startswith(("https://", "http://")):
            return Item(
                *("us", False, name),
                self.env._("missing. Ask our administrator for the public address of this server."),
            )
        if _is_here(address) and not _is_here(self.base_url):
            return Item(
                *("us", False, name),
                self.env._(
                    "%s leads nowhere from outside. Ask our administrator for the public address "
                    "of this server.",
                    address,
                ),
            )
        return Item("us", True, name, address)

    def _crvs_item_signing(self, dialect):
        name = self.env._("Our signing key:")
        key = self.signing_key_id
        if not key:
            if dialect.signature_profile == "jws":
                note = self.env._("missing. This registry answers signed requests only.")
                return Item("us", False, name, note)
            note = self.env._("none. Most registries refuse what is not signed.")
            return Item("us", None, name, note)
        if key.state != "active":
            note = self.env._("%s is not in use. Make a new one.", key.key_id)
            return Item("us", False, name, note)
        if dialect.signature_profile == "jws" and key.algorithm != "rs256":
            note = self.env._("this registry takes RSA keys (RS256) only. Make a new one.")
            return Item("us", False, name, note)
        return Item("us", True, name, key.key_id)

    def _crvs_item_credentials(self):
        name = self.env._("Credentials:")
        if not self._crvs_has_credentials():
            note = self.env._("missing. Ask the registry's administrator for them.")
            return Item("credentials", False, name, note)
        if self.auth_type == "none":
            return Item("credentials", True, name, self.env._("none needed"))
        return Item("credentials", True, name, self.env._("stored"))

    def _crvs_item_test(self):
        name = self.env._("Connection tested:")
        if self.state == "active" and self.last_test_date:
            day = fields.Datetime.context_timestamp(self, self.last_test_date).date()
            return Item("credentials", True, name, format_date(self.env, day))
        if self.state == "error":
            note = self.last_error or self.env._("it failed.")
            return Item("credentials", False, name, note)
        return Item(
            "credentials", False, name, self.env._("not since it was set up. Test the connection.")
        )

    def _crvs_items_keys(self):
        keys_name = self.env._("The registry's keys:")
        compared_name = self.env._("Keys compared:")
        sender = self.crvs_sender_id
        if not (sender and sender._trusted_keys()):
            note = self.env._("missing. Fetch them, or ask the registry's administrator for one.")
            keys = Item("keys", False, keys_name, note)
        elif not sender.active:
            note = self.env._("its entry among the trusted registries is archived.")
            keys = Item("keys", False, keys_name, note)
        else:
            keys = Item("keys", True, keys_name, sender.name)
        if sender.compared_fingerprint:
            compared = Item("keys", True, compared_name, sender.compared_fingerprint)
        else:
            note = self.env._(
                "not yet. Have the registry's administrator read you the fingerprint, and enter it."
            )
            compared = Item("keys", False, compared_name, note)
        return keys, compared

    def _crvs_item_events(self, dialect):
        name = self.env._("Events:")
        if dialect.can_subscribe:
            live = self.env["spp.dci.crvs.subscription"].search(
                [("data_source_id", "=", self.id), ("state", "in", ("requested", "active"))]
            )
            active = live.filtered(lambda one: one.state == "active")
            if live and live != active:
                note = self.env._("the registry has not answered our subscription yet.")
                return Item("events", None, name, note)
        else:
            active = self.env["spp.dci.crvs.pull"].search(
                [("data_source_id", "=", self.id), ("kind", "=", "regular")]
            )
        if not active:
            return Item("events", False, name, self.env._("none chosen yet."))
        kinds = dict(active._fields["event_type"]._description_selection(self.env))
        chosen = {kinds[one.event_type] for one in active}
        return Item("events", True, name, ", ".join(sorted(chosen)))

    def _crvs_check_complete(self):
        """Refuse to subscribe at a registry whose connection lacks something.

        :raise UserError: says what is missing
        """
        missing = [
            f"{item.name} {item.note}"
            for item in self._crvs_items()
            if item.done is False and item.step != "events"
        ]
        if missing:
            raise UserError(
                self.env._(
                    "%(name)s is not connected completely. Use the button Connect on its data "
                    "source.\n%(missing)s",
                    name=self.name,
                    missing="\n".join(missing),
                )
            )

    def _crvs_next_step(self):
        """Return the step of the guide at which something is missing; None when nothing is."""
        return next((item.step for item in self._crvs_items() if item.done is False), None)

    def action_connect(self):
        """Open the guide where it was left.

        :return: the action that shows it
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        """
        check_group(self.env, "manager", or_system=True)
        self.ensure_one()
        return self.env["spp.dci.crvs.connect.wizard"]._resume(self)

    def _crvs_addresses(self, our_sender_id):
        """Return the addresses that the registry has to know of us.

        :param str our_sender_id: our name there, stored or not
        :return: where it sends events, where it finds our keys
        :rtype: tuple[str, str]
        """
        registry = Registry(self.env, self)
        return registry.callback_url(), registry.key_address(our_sender_id)


def _is_here(url):
    """Whether an address is one of the machine that uses it."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
