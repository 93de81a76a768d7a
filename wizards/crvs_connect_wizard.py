import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.mixins import check_group
from ..services import dialects

_STEPS = ("registry", "us", "credentials", "keys", "events", "done")
_KINDS = ("birth", "death", "marriage", "divorce")
# What is handed over to the data source, and of that, what is never shown again.
_HIDDEN = (
    *("bearer_token", "basic_username", "basic_password"),
    *("oauth2_token_url", "oauth2_client_id", "oauth2_client_secret", "oauth2_scope"),
)
_CREDENTIALS = (*_HIDDEN, "oauth2_credential_location")
_KEY_PATH = "/.well-known/jwks.json"


class CRVSConnectWizard(models.TransientModel):
    """Leads through the connection of a civil registry.

    What is entered is stored on the data source step by step, so that the guide can be left and
    taken up again: where it goes on follows from the data source's checklist. Credentials pass
    through and are never kept here.
    """

    _name = "spp.dci.crvs.connect.wizard"
    _description = "Connect a Registry"

    step = fields.Selection(
        [
            ("registry", "Registry"),
            ("us", "Names and Addresses"),
            ("credentials", "Credentials"),
            ("keys", "Keys"),
            ("events", "Events"),
            ("done", "Answer"),
        ],
        required=True,
        default="registry",
    )
    data_source_id = fields.Many2one("spp.dci.data.source", "Registry", readonly=True)
    problem = fields.Text(readonly=True, help="What went wrong at this step.")
    report = fields.Text(readonly=True, help="What was tried at this step, and what came back.")
    checklist = fields.Html(related="data_source_id.crvs_checklist")
    can_subscribe = fields.Boolean(related="data_source_id.can_subscribe")

    # Registry
    unfinished_ids = fields.Many2many("spp.dci.data.source", compute="_compute_unfinished_ids")
    resume_id = fields.Many2one(
        "spp.dci.data.source",
        "Go On With",
        domain="[('id', 'in', unfinished_ids)]",
        help="A registry whose connection was begun and left.",
    )
    name = fields.Char("Name of the Registry")
    base_url = fields.Char(
        "Address",
        help="Base URL: where the registry's API begins. The registry's administrator knows it.",
    )
    dialect = fields.Selection(
        lambda self: self._choices("dialect"),
        "How It Speaks",
        default="standard",
        help="Dialect. Leave it as it is and press Find Out if you do not know.",
    )

    # Names and addresses
    receiver_id = fields.Char(
        "Its Name in Messages",
        help="Sender ID of the registry: how it names itself in what it signs, to the letter.",
    )
    our_sender_id = fields.Char(
        "Our Name at the Registry",
        help="Our sender ID: under which name the registry knows this server.",
    )
    callback_address = fields.Char(
        "Where It Reaches Us",
        compute="_compute_addresses",
        help="Callback URL: where the registry sends events and answers.",
    )
    our_callback_uri = fields.Char(
        "Another Address",
        help="Where the address above leads nowhere from outside: the one that does. Ask the "
        "administrator of this server.",
    )
    key_address = fields.Char(
        "Where It Finds Our Keys",
        compute="_compute_addresses",
        help="JWKS URL: our public keys, with which the registry checks what we ask.",
    )
    signing = fields.Selection(
        [("new", "Make a new key"), ("key", "Use a key we have"), ("none", "Do not sign")],
        "Our Signing Key",
        default="new",
        help="Registries check by it that a question comes from us.",
    )
    signing_key_id = fields.Many2one(
        "spp.dci.signing.key", "Which Key", domain=[("state", "=", "active")]
    )

    # Credentials
    auth_type = fields.Selection(
        lambda self: self._choices(
            "auth_type",
            none=self.env._("Anybody may ask"),
            bearer=self.env._("Token"),
            basic=self.env._("User name and password"),
            oauth2=self.env._("Client ID and secret (OAuth2)"),
        ),
        "How It Lets Us In",
        compute="_compute_auth_type",
        inverse="_inverse_credentials",
        readonly=False,
    )
    has_credentials = fields.Boolean(compute="_compute_auth_type")
    bearer_token = fields.Char(
        "Token", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    takes_password = fields.Boolean(compute="_compute_takes_password")
    basic_username = fields.Char(
        "User Name", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    basic_password = fields.Char(
        "Password", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    oauth2_token_url = fields.Char(
        "Address for Tokens",
        compute="_compute_credentials",
        inverse="_inverse_credentials",
        help="Token URL: where a token is got for the client ID and secret.",
    )
    oauth2_client_id = fields.Char(
        "Client ID", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    oauth2_client_secret = fields.Char(
        "Client Secret", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    oauth2_scope = fields.Char(
        "Scope",
        compute="_compute_credentials",
        inverse="_inverse_credentials",
        help="Only where the registry's administrator names one.",
    )
    oauth2_credential_location = fields.Selection(
        lambda self: self._choices(
            "oauth2_credential_location",
            body=self.env._("The text of the request (form body)"),
            query=self.env._("The address (query parameters)"),
        ),
        "Client ID and Secret Go In",
        compute="_compute_auth_type",
        inverse="_inverse_credentials",
        readonly=False,
        help="The form body, unless the registry is an OpenCRVS.",
    )

    # Keys
    key_source = fields.Selection(
        [("fetch", "Fetch them from the registry"), ("paste", "Paste the one I was given")],
        "Its Keys",
        default="fetch",
        required=True,
    )
    jwks_url = fields.Char(
        "Registry's Key Address",
        help="JWKS URL: where the registry publishes its keys, often <address>" + _KEY_PATH + ".",
    )
    public_key = fields.Text("Public Key", help="In PEM form.")
    fingerprints = fields.Text("Fingerprint We Got", compute="_compute_fingerprints")
    compared_fingerprint = fields.Char("Compared", compute="_compute_fingerprints")
    told_fingerprint = fields.Char(
        "Fingerprint They Read to You",
        help="RFC 7638 thumbprint. Its first 16 characters are enough.",
    )

    # Events
    birth = fields.Boolean("Births", default=True)
    death = fields.Boolean("Deaths", default=True)
    marriage = fields.Boolean("Marriages")
    divorce = fields.Boolean("Divorces")
    subscription_ids = fields.Many2many(
        "spp.dci.crvs.subscription", "Subscriptions", compute="_compute_arrangements"
    )
    pull_ids = fields.Many2many("spp.dci.crvs.pull", "Pulls", compute="_compute_arrangements")
    is_waiting = fields.Boolean(compute="_compute_arrangements")
    is_refused = fields.Boolean(compute="_compute_arrangements")

    # === WHAT IS SHOWN === #

    @api.model
    def _choices(self, name, **labels):
        """Return the choices of a field of the data source, in the guide's own words.

        :param str name: of the field
        :param str labels: by value; the others keep theirs
        :rtype: list[tuple]
        """
        field = self.env["spp.dci.data.source"]._fields[name]
        choices = field._description_selection(self.env)
        return [(value, labels.get(value, label)) for value, label in choices]

    @api.depends("step")
    def _compute_unfinished_ids(self):
        sources = self.env["spp.dci.data.source"].search([("is_civil_registry", "=", True)])
        self.unfinished_ids = sources.filtered(lambda source: not source.crvs_is_complete)

    @api.depends("our_sender_id", "our_callback_uri", "data_source_id")
    def _compute_addresses(self):
        for wizard in self:
            wizard.callback_address = wizard.key_address = False
            if source := wizard.data_source_id:
                reached, wizard.key_address = source._crvs_addresses(wizard.our_sender_id)
                wizard.callback_address = (wizard.our_callback_uri or "").strip() or reached

    @api.depends("data_source_id")
    def _compute_auth_type(self):
        for wizard in self:
            source = wizard.data_source_id
            is_new = source.auth_type == "none" and not source.last_test_date
            wizard.auth_type = "oauth2" if is_new or not source else source.auth_type
            wizard.oauth2_credential_location = (
                source.oauth2_credential_location
                if source and not is_new
                else self._credential_location(source.dialect)
            )
            wizard.has_credentials = (
                source.auth_type not in (False, "none") and source._crvs_has_credentials()
            )

    @api.model
    def _credential_location(self, dialect):
        return "query" if (dialect or "").startswith("opencrvs") else "body"

    def _compute_takes_password(self):
        """Where the base module has other fields for them, its own form is the place."""
        self.takes_password = bool(self.env["spp.dci.data.source"]._crvs_credentials("basic"))

    def _compute_credentials(self):
        """Show nothing of what is stored."""
        for name in _HIDDEN:
            self[name] = False

    def _inverse_credentials(self):
        """Hand the credentials over to the data source; nothing is stored here."""
        for wizard in self.filtered("data_source_id"):
            if wizard.step == "credentials":
                given = {name: wizard[name] for name in _CREDENTIALS}
                wizard.data_source_id._crvs_set_credentials(wizard.auth_type, given)
        # Not even in the answer to who has entered them.
        self.invalidate_recordset(_HIDDEN, flush=False)

    @api.depends("step", "data_source_id", "receiver_id")
    def _compute_fingerprints(self):
        for wizard in self:
            sender = wizard._sender()
            keys = sender._trusted_keys() if sender else []
            found = dict.fromkeys(key.fingerprint for key in keys)
            wizard.fingerprints = "\n".join(found)
            wizard.compared_fingerprint = sender.compared_fingerprint

    @api.depends("step", "data_source_id")
    def _compute_arrangements(self):
        for wizard in self:
            source = [("data_source_id", "=", wizard.data_source_id.id)]
            subscriptions = self.env["spp.dci.crvs.subscription"].search(
                [*source, ("state", "!=", "cancelled")]
            )
            wizard.subscription_ids = subscriptions
            states = subscriptions.mapped("state")
            wizard.is_waiting = "requested" in states
            wizard.is_refused = "rejected" in states
            wizard.pull_ids = self.env["spp.dci.crvs.pull"].search(
                [*source, ("kind", "=", "regular")]
            )

    def _sender(self):
        """Return the registry's entry among those we trust, or will; empty when there is none."""
        source = self.data_source_id.sudo()
        name = self.receiver_id or source.receiver_id
        return source.crvs_sender_id or (
            self.env["spp.dci.crvs.sender"]
            .with_context(active_test=False)
            .search([("sender_id", "=", name or False)], limit=1)
        )

    # === LEAVING AND GOING ON === #

    @api.model
    def _resume(self, source):
        """Open the guide for a data source at the first thing that is missing.

        :return: the action that shows it
        :rtype: dict
        """
        wizard = self.create({"data_source_id": source.id})
        wizard._go_to(source._crvs_next_step() or "done")
        return wizard._show()

    def _go_to(self, step):
        """Show a step, with what the data source has for it."""
        source = self.data_source_id
        values = {"step": step, "problem": False, "report": False, "told_fingerprint": False}
        if step == "registry":
            values.update(name=source.name, base_url=source.base_url, dialect=source.dialect)
        elif step == "us":
            key = source.sudo().signing_key_id
            values.update(
                receiver_id=source.receiver_id,
                our_sender_id=source.our_sender_id,
                our_callback_uri=False,
                signing="key" if key else "none" if source.our_sender_id else "new",
                signing_key_id=key.id,
            )
        elif step == "keys":
            sender = self._sender()
            is_pasted = bool(sender and not sender.jwks_url)
            values.update(
                key_source="paste" if is_pasted else "fetch",
                jwks_url=sender.jwks_url or (source.base_url or "").rstrip("/") + _KEY_PATH,
                public_key=sender.public_key if is_pasted else False,
            )
        elif step == "events":
            arranged = self.subscription_ids or self.pull_ids
            values.update(dict.fromkeys(set(arranged.mapped("event_type")) & {*_KINDS}, True))
        self.write(values)

    def _show(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Connect a Registry"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "large"},
        }

    def _attempt(self, work):
        """Do what a registry can fail at; what went wrong stays on the screen.

        :param work: raises a UserError then
        :return: whether it went well
        :rtype: bool
        """
        self.problem = False
        try:
            work()
        except AccessError:
            raise
        except UserError as error:
            self.problem = str(error)
        return not self.problem

    # === BUTTONS === #

    def _check(self):
        self.ensure_one()
        check_group(self.env, "manager", or_system=True)

    def action_resume(self):
        """Go on with the registry that was chosen.

        :return: the action that shows where it was left
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        :raise UserError: when none is chosen
        """
        self._check()
        if not self.resume_id:
            raise UserError(self.env._("Choose the registry to go on with."))
        return self._resume(self.resume_id)

    def action_back(self):
        """Show the step before.

        :return: the action that shows it
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        """
        self._check()
        self._go_to(_STEPS[max(_STEPS.index(self.step) - 1, 0)])
        return self._show()

    def action_next(self):
        """Store this step, try what can be tried, and show the next one if that went well.

        :return: the action that shows it
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        :raise UserError: when something is missing
        """
        self._check()
        self.write({"problem": False, "report": False})
        work = getattr(self, f"_finish_{self.step}")
        if work():
            found = {"problem": self.problem, "report": self.report}
            self._go_to(_STEPS[_STEPS.index(self.step) + 1])
            self.write(found)
        return self._show()

    def action_later(self):
        """Show the next step though the registry did not let us in: it may have to know us first.

        :return: the action that shows it
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        """
        self._check()
        if self.step in ("credentials", "keys"):
            self._go_to(_STEPS[_STEPS.index(self.step) + 1])
        return self._show()

    def action_find_dialect(self):
        """Ask the registry in each way, and choose the first that it answers.

        :return: the action that shows what came back
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        :raise UserError: when name or address are missing
        """
        self._check()
        if self.step == "registry":
            self._store_registry()
        found = self.data_source_id.action_find_dialect()
        answer = self.env[found["res_model"]].browse(found["res_id"])
        self.report = answer.report
        if answer.dialect:
            self.dialect = answer.dialect
            self.problem = False
            if self.data_source_id.dialect != answer.dialect:
                self.data_source_id.write({"dialect": answer.dialect, "state": "draft"})
        else:
            self.problem = self.env._(
                "It answered in no way. That can be because it does not know us yet: go on, and "
                "find out again once it lets us in. Whom to ask: the registry's administrator."
            )
        return self._show()

    def action_fetch(self):
        """Fetch the registry's keys, or take the one that was pasted.

        :return: the action that shows their fingerprints
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        :raise UserError: when the key cannot be used
        """
        self._check()
        self._attempt(self._fetch)
        self.invalidate_recordset(["fingerprints", "compared_fingerprint"], flush=False)
        return self._show()

    def action_look_again(self):
        """Show how things stand now, after asking the registry about what it has not answered.

        :return: the action that shows it
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        """
        self._check()
        waiting = self.subscription_ids.filtered(lambda one: one.state == "requested")
        if waiting:
            self._attempt(waiting.action_ask_status)
        self.invalidate_recordset()
        return self._show()

    # === STEPS === #

    def _finish_registry(self):
        self._store_registry()
        return True

    def _store_registry(self):
        name, base_url = (self.name or "").strip(), (self.base_url or "").strip().rstrip("/")
        if not name or not base_url:
            raise UserError(self.env._("Enter the name of the registry and its address."))
        source = self.data_source_id
        if not source:
            self.data_source_id = self.env["spp.dci.data.source"].create(
                {
                    "name": name,
                    "code": self._new_code(name),
                    "registry_type": "CRVS",
                    "base_url": base_url,
                    "dialect": self.dialect,
                    "auth_type": "none",
                }
            )
            return
        source._crvs_move(base_url)
        changes = {"name": name, "dialect": self.dialect}
        changes = {field: value for field, value in changes.items() if source[field] != value}
        if "dialect" in changes:
            location = self._credential_location(self.dialect)
            changes.update(state="draft", oauth2_credential_location=location)
        if changes:
            source.write(changes)

    def _new_code(self, name):
        """Return a code that no data source has: ``crvs_main`` for the first one."""
        sources = self.env["spp.dci.data.source"].sudo().with_context(active_test=False)
        taken = set(sources.search([]).mapped("code"))
        if "crvs_main" not in taken:
            return "crvs_main"
        base = "crvs_" + (re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40] or "registry")
        return next(
            code
            for code in (base, *(f"{base}_{number}" for number in range(2, len(taken) + 3)))
            if code not in taken
        )

    def _finish_us(self):
        source = self.data_source_id
        if not (self.our_sender_id or "").strip() or not (self.receiver_id or "").strip():
            raise UserError(
                self.env._(
                    "Enter what the registry is called in messages, and what it calls us. The "
                    "registry's administrator knows both."
                )
            )
        if self.signing == "key" and not self.signing_key_id:
            raise UserError(self.env._("Choose a signing key, or have a new one made."))
        if self.signing == "new":
            self.signing_key_id = self._make_key()
            self.signing = "key"
        values = {
            "receiver_id": self.receiver_id.strip(),
            "our_sender_id": self.our_sender_id.strip(),
            "our_callback_uri": self.callback_address,
            "signing_key_id": self.signing_key_id.id if self.signing == "key" else False,
        }
        stored = source.sudo().read(list(values), load=None)[0]
        changes = {name: value for name, value in values.items() if stored[name] != value}
        if changes:
            source.write({**changes, "state": "draft"})
        return True

    def _make_key(self):
        """Make the key that signs what this registry is asked, of the kind that it takes."""
        profile = dialects.get(self.data_source_id.dialect).signature_profile
        key = (
            self.env["spp.dci.signing.key"]
            .sudo()
            .create(
                {
                    "name": self.data_source_id.name,
                    "algorithm": "rs256" if profile == "jws" else "ed25519",
                }
            )
        )
        key.action_generate_key()
        key.action_activate()
        return key.id

    def _finish_credentials(self):
        source = self.data_source_id
        if self.auth_type != source.auth_type:
            source._crvs_set_credentials(self.auth_type, {})
        works, sentence = source._crvs_test_connection()
        self.write({"problem": False if works else sentence, "report": works and sentence})
        return works

    def _fetch(self):
        """Enter the registry among those we trust, archived until its key is compared."""
        source, sender = self.data_source_id, self._sender()
        if not source.receiver_id:
            raise UserError(self.env._("Go back and enter what the registry is called."))
        is_pasted = self.key_source == "paste"
        if is_pasted and not (self.public_key or "").strip():
            raise UserError(self.env._("Paste the key that the registry's administrator gave you."))
        if not is_pasted and not (self.jwks_url or "").strip():
            raise UserError(self.env._("Enter the address of the registry's keys."))
        values = {
            "jwks_url": False if is_pasted else self.jwks_url.strip(),
            "public_key": self.public_key.strip() if is_pasted else sender.public_key,
        }
        is_another = sender.active and sender != source.crvs_sender_id
        if is_another and any((sender[name] or False) != value for name, value in values.items()):
            raise UserError(
                self.env._(
                    "%(name)s is the name of a trusted registry that has other keys: %(registry)s. "
                    "Ask the registry's administrator for its own name, or change the keys under "
                    "Trusted Registries.",
                    name=sender.sender_id,
                    registry=sender.name,
                )
            )
        if not sender:
            is_rsa = dialects.get(source.dialect).signature_profile == "jws"
            values.update(
                name=source.name,
                sender_id=source.receiver_id,
                algorithm="rs256" if is_rsa else "ed25519",
                active=False,
            )
        self._store_sender(sender, values)

    def _store_sender(self, sender, values):
        """Write what differs, in the algorithm that the registry turns out to use."""
        failure = None
        first = sender.algorithm or values.get("algorithm")
        kinds = [first, *({"ed25519", "rs256"} - {first})]
        for algorithm in kinds[:1] if sender.compared_fingerprint else kinds:
            try:
                with self.env.cr.savepoint():
                    entry = self._write_sender(sender, {**values, "algorithm": algorithm})
                    if entry.jwks_url:
                        entry.fetch_public_key()
                return
            except AccessError:
                raise
            except UserError as error:
                failure = failure or error
        raise failure

    def _write_sender(self, sender, values):
        if not sender:
            return sender.create(values)
        changes = {
            name: value
            for name, value in values.items()
            if (sender[name] or False) != (value or False)
        }
        if changes:
            sender.write(changes)
        return sender

    def _finish_keys(self):
        sender = self._sender()
        if not self.fingerprints:
            raise UserError(self.env._("Fetch the registry's keys first."))

        def compare():
            if self.told_fingerprint or not sender.compared_fingerprint:
                sender._compare_fingerprint(self.told_fingerprint)

        if not self._attempt(compare):
            return False
        source = self.data_source_id
        if source.crvs_sender_id != sender:
            source.crvs_sender_id = sender
        works, sentence = source._crvs_test_connection()
        self.write({"problem": False if works else sentence, "report": works and sentence})
        return works

    def _finish_events(self):
        source = self.data_source_id
        chosen = [name for name in _KINDS if self[name]]
        if not chosen:
            raise UserError(self.env._("Choose at least one kind of event."))
        if source.can_subscribe:
            subscribe = self.env["spp.dci.crvs.subscribe.wizard"].create(
                {"data_source_id": source.id, **{name: self[name] for name in _KINDS}}
            )
            went_well = self._attempt(subscribe.action_subscribe)
            self.invalidate_recordset(["is_waiting"], flush=False)
            return went_well or self.is_waiting  # an answer may come all the same
        return self._attempt(lambda: self._pull(chosen))

    def _pull(self, chosen):
        """Have the chosen events searched for at regular times."""
        source = self.data_source_id
        source._crvs_check_complete()
        if not all(dialects.get(source.dialect).can_pull(name) for name in chosen):
            raise UserError(
                self.env._("%s has no register of some of these events to search.", source.name)
            )
        pulls = self.env["spp.dci.crvs.pull"].sudo().with_context(active_test=False)
        known = pulls.search([("data_source_id", "=", source.id), ("kind", "=", "regular")])
        known.filtered(lambda pull: pull.event_type in chosen and not pull.active).active = True
        pulls.create(
            [
                {"data_source_id": source.id, "event_type": name}
                for name in chosen
                if name not in known.mapped("event_type")
            ]
        )

    def _finish_done(self):
        return False
