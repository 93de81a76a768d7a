import time
from contextlib import suppress

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ... import const
from ...services import errors, signature
from ...services.signature import jwks_fetch
from ...services.signature.attempts import Attempts
from ...services.signature.keys import WeakKey
from ..mixins import number
from .sender_key import parse_pem

_attempts = Attempts()


# 16 characters of base64url are 96 bits, more than anybody can search for a second key.
SHORTEST_FINGERPRINT = 16


class CRVSSender(models.Model):
    """A civil registry whose messages are trusted."""

    _name = "spp.dci.crvs.sender"
    _description = "CRVS Sender"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "spp.dci.crvs.alert.mixin",
        "spp.dci.crvs.scheduled.mixin",
    ]
    _order = "name, id"
    _scheduler = "ir_cron_refresh_sender_keys"

    name = fields.Char(required=True, tracking=True, help="What people call this registry.")
    sender_id = fields.Char(
        string="Its Name in Messages",
        required=True,
        copy=False,
        tracking=True,
        help="Sender ID: the name under which the registry signs its messages (sender_id in the "
        "header). Some registries use their base URL. It must match to the letter.",
    )
    company_id = fields.Many2one(
        "res.company",
        tracking=True,
        ondelete="restrict",
        help="Whose registry this is. Empty: every company's.",
    )
    active = fields.Boolean(
        default=True,
        tracking=True,
        help="Messages of an archived sender are refused.",
    )
    algorithm = fields.Selection(
        selection=[("ed25519", "Ed25519"), ("rs256", "RS256 (RSA)")],
        required=True,
        default="ed25519",
        tracking=True,
        string="Kind of Signature",
        help="Algorithm: how this registry signs. A message signed in another way is refused, "
        "whatever it says about itself.",
    )
    jwks_url = fields.Char(
        string="Registry's Key Address",
        tracking=True,
        help="JWKS URL: where the registry publishes its keys, often "
        "<address>/.well-known/jwks.json. New keys are then found by themselves. Without it, paste "
        "the public key.",
    )
    public_key = fields.Text(
        string="Public Key",
        copy=False,
        help="In PEM form. Filled by Fetch Public Key when there is a key address: it then shows "
        "the newest key that the registry publishes.",
    )
    key_fingerprint = fields.Char(
        compute="_compute_key_fingerprint",
        store=True,
        tracking=True,
        string="Fingerprint",
        help="RFC 7638 thumbprint of the public key. Compare it with the registry by telephone.",
    )
    compared_fingerprint = fields.Char(
        readonly=True,
        copy=False,
        tracking=True,
        help="The fingerprint that somebody compared with what the registry told. It has to be "
        "compared again when the sender ID, the address of the keys or the algorithm changes.",
    )
    key_ids = fields.One2many("spp.dci.crvs.sender.key", "sender_id", string="Keys")
    last_key_fetch = fields.Datetime(
        readonly=True, copy=False, help="When the keys were last fetched with success."
    )
    last_key_error = fields.Char(
        readonly=True,
        copy=False,
        help="Why the last attempt to fetch the keys failed. The keys that we have stay in use.",
    )
    last_key_attempt = fields.Datetime(readonly=True, copy=False)
    last_refetch = fields.Datetime(
        readonly=True,
        copy=False,
        help="When a message signed with an unknown key last made us fetch the keys.",
    )

    allow_birth = fields.Boolean(string="Births", default=True, tracking=True)
    allow_death = fields.Boolean(string="Deaths", default=True, tracking=True)
    allow_marriage = fields.Boolean(string="Marriages", default=True, tracking=True)
    allow_divorce = fields.Boolean(string="Divorces", default=True, tracking=True)
    allowed_identifier_types = fields.Many2many(
        "spp.vocabulary.code",
        "spp_dci_crvs_sender_identifier_type_rel",
        "sender_id",
        "code_id",
        string="Identifier Types",
        tracking=True,
        domain=[("namespace_uri", "=", const.ID_TYPE_NAMESPACE)],
        help="By which identifiers this registry may tell who is meant. Empty: by any.",
    )
    max_deaths_per_hour = fields.Integer(
        string="Deaths per Hour",
        required=True,
        default=200,
        tracking=True,
        help="More deaths than this within an hour are stored but wait for a manager, so that one "
        "stolen key cannot disable a country.",
    )

    birth_years_contradict = fields.Integer(
        string="Years of Birth Apart",
        required=True,
        default=2,
        tracking=True,
        help="Registrant and record are not one person when their years of birth differ by more.",
    )
    birth_years_contradict_approximate = fields.Integer(
        string="The Same, Approximate",
        required=True,
        default=10,
        tracking=True,
        help="The same where our birth date is approximate.",
    )
    birth_years_agree_approximate = fields.Integer(
        string="Agree when Approximate",
        required=True,
        default=5,
        tracking=True,
        help="An approximate birth date agrees when the years differ by no more.",
    )

    _birth_years_positive = models.Constraint(
        "CHECK (birth_years_contradict >= 0 AND birth_years_contradict_approximate >= 0"
        " AND birth_years_agree_approximate >= 0)",
        "Years cannot be negative.",
    )
    _sender_id_unique = models.Constraint(
        "UNIQUE (sender_id)", "There is a sender with this sender ID already. Look in the archive."
    )
    _max_deaths_positive = models.Constraint(
        "CHECK (max_deaths_per_hour >= 0)", "The number of deaths per hour cannot be negative."
    )

    @api.depends("public_key")
    def _compute_key_fingerprint(self):
        for sender in self:
            try:
                sender.key_fingerprint = parse_pem(sender.public_key or "").fingerprint
            except ValueError:
                sender.key_fingerprint = False

    # === CONSTRAINTS === #

    @api.constrains("sender_id")
    def _check_sender_id(self):
        for sender in self:
            if not const.SENDER_ID_FORM.fullmatch(sender.sender_id):
                raise ValidationError(
                    self.env._(
                        "A sender ID has at most 255 letters, digits and characters that are "
                        "allowed in a URL, and no blanks. Please correct it."
                    )
                )

    @api.constrains("jwks_url")
    def _check_jwks_url(self):
        """Refuse what can never be fetched; plain HTTP is judged when it is tried."""
        for sender in self.filtered("jwks_url"):
            try:
                jwks_fetch.check_url(sender.jwks_url, allow_insecure=True)
            except jwks_fetch.KeyFetchError as error:
                raise ValidationError(
                    self.env._("This key address cannot be used: %(reason)s.", reason=error)
                ) from error

    @api.constrains("public_key", "algorithm", "jwks_url")
    def _check_public_key(self):
        for sender in self:
            if not sender._pasted_key():
                continue
            try:
                key = parse_pem(sender.public_key)
            except ValueError as error:
                raise ValidationError(sender._why_unusable()) from error
            if key.algorithm != sender.algorithm:
                raise ValidationError(
                    self.env._(
                        "The public key is not one for %(algorithm)s. Please choose the other "
                        "algorithm, or paste the right key.",
                        algorithm=dict(self._fields["algorithm"].selection)[sender.algorithm],
                    )
                )
            if key.fingerprint in sender._revoked_fingerprints():
                raise ValidationError(
                    self.env._(
                        "This key was revoked for this sender. Please ask the registry for a new "
                        "one."
                    )
                )

    def _revoked_fingerprints(self):
        """Return the fingerprints of the keys that a manager revoked for this sender.

        :rtype: set[str]
        """
        return set(self.sudo().key_ids.filtered("revoked_date").mapped("fingerprint"))

    def _why_unusable(self):
        """Return a sentence on a public key that cannot be read, without quoting it."""
        if "PRIVATE KEY" in self.public_key:
            return self.env._(
                "This is a private key, which must never leave the registry. Please tell them, and "
                "ask for the public key of a new pair."
            )
        if self.public_key.count("-----BEGIN ") > 1:
            return self.env._(
                "There is more than one key here. Please paste the one key that the registry "
                "signs with."
            )
        try:
            parse_pem(self.public_key)
        except WeakKey:
            return self.env._(
                "This key proves nothing: anybody could sign with it, or guess the private key. "
                "Please tell the registry, and ask for the public key of a new pair."
            )
        except ValueError:
            pass
        if "BEGIN CERTIFICATE" in self.public_key:
            return self.env._(
                "This is a certificate. Please paste the public key in it, which begins with "
                "-----BEGIN PUBLIC KEY-----."
            )
        return self.env._(
            "This is not a public key that can be used. Please paste an Ed25519 key, or an RSA key "
            "of 2048 to 8192 bits, in PEM form, beginning with -----BEGIN PUBLIC KEY-----."
        )

    # === CHANGES === #

    def write(self, vals):
        """Write, and tell the managers when that changes whom we trust."""
        # The context comes from the client, who must not be able to keep a change quiet.
        self = self.with_context(
            tracking_disable=False, mail_notrack=False, mail_activity_automation_skip=False
        )
        before = {sender: (sender._trust_anchor(), sender._scope()) for sender in self}
        result = super().write(vals)
        if "algorithm" in vals:
            self._show_primary_key()
        anchored = self.filtered(lambda sender: before[sender][0] != sender._trust_anchor())
        if {"sender_id", "algorithm", "jwks_url", "public_key"} & vals.keys():
            anchored.filtered("compared_fingerprint").compared_fingerprint = False
        anchored._tell_trust_changed(
            self.env._(
                "The key, the address, the algorithm or the name that this sender is trusted by "
                "has changed. Please confirm with the registry that this is right."
            )
        )
        scoped = self.filtered(lambda sender: before[sender][1] != sender._scope()) - anchored
        scoped._tell_trust_changed(
            self.env._(
                "It was changed what this sender may report, by which identifiers, or how many "
                "deaths. Please see in the history what, and whether that is right."
            )
        )
        if not vals.get("active", True):
            self.env["spp.dci.crvs.event"]._hold_pending_of(self)
        return result

    @api.model_create_multi
    def create(self, vals_list):
        """Create, and tell the managers that one more is trusted."""
        senders = super().create(vals_list)
        senders._tell_trust_changed(
            self.env._(
                "This sender was added: what it signs is believed. Please confirm with the "
                "registry that this is right."
            )
        )
        return senders

    def _tell_trust_changed(self, note):
        """Tell the other managers what somebody has changed; in the history it is already."""
        if self:
            self._alert("sender_changed", self._other_managers(), note, everybody=True)

    def _trust_anchor(self):
        """Return everything that decides whose messages are believed, but for fetched keys."""
        return (
            self.sender_id,
            self.active,
            self.algorithm,
            self.jwks_url or "",
            self._pasted_key(),
        )

    def _scope(self):
        """Return everything that decides what this sender may bring about."""
        return (
            self.allow_birth,
            self.allow_death,
            self.allow_marriage,
            self.allow_divorce,
            self.allowed_identifier_types,
            self.max_deaths_per_hour,
            self.birth_years_contradict,
            self.birth_years_contradict_approximate,
            self.birth_years_agree_approximate,
        )

    def _compare_fingerprint(self, told):
        """Trust a sender whose key is the one that its registry told of.

        :param str told: the fingerprint, or its first characters, blanks do not count
        :raise UserError: when it is too short, or none of the keys has it
        """
        self.ensure_one()
        self.check_access("write")
        told = "".join((told or "").split())
        if len(told) < SHORTEST_FINGERPRINT:
            raise UserError(
                self.env._(
                    "Enter at least the first %s characters of the fingerprint, as the registry's "
                    "administrator reads them to you.",
                    SHORTEST_FINGERPRINT,
                )
            )
        found = [
            key.fingerprint for key in self._trusted_keys() if key.fingerprint.startswith(told)
        ]
        if not found:
            raise UserError(
                self.env._(
                    "None of the keys that were fetched has this fingerprint. Check it character "
                    "by character. If it stays different, somebody may stand between the registry "
                    "and us: do not go on."
                )
            )
        self.sudo().write({"compared_fingerprint": found[0], "active": True})

    @api.model
    def _other_managers(self):
        """Return the managers but for who makes a change, who would only tell themselves.

        Where there is no other, the system administrators are told.
        """
        managers = self._crvs_managers()
        administrators = self.env.ref("base.group_system").sudo().all_user_ids
        return (
            managers - self.env.user
            or administrators.filtered("active") - self.env.user
            or managers
        )

    # === TRUST === #

    @api.model
    def get_by_sender_id(self, sender_id):
        """Find the active sender of exactly that name.

        :param str sender_id: as in the message's header; anything but a string finds nothing
        :return: the sender, or an empty recordset
        :raise AccessError: when the user may not see senders
        """
        self.check_access("read")
        # A list or a pattern in a domain would match more than was meant.
        if not isinstance(sender_id, str) or not sender_id:
            return self.browse()
        return self.with_context(active_test=True).search_fetch(
            [("sender_id", "=", sender_id)],
            [
                *("sender_id", "algorithm", "active", "public_key", "jwks_url"),
                *("last_key_fetch", "company_id"),
            ],
            limit=1,
        )

    def _pasted_key(self):
        """Return the PEM that serves by itself, or "".

        That is the one of a sender without JWKS URL, or whose keys could not be fetched so far.
        """
        if self.jwks_url and self.last_key_fetch:
            return ""
        return self.public_key or ""

    def _trusted_keys(self):
        """Return the keys of this sender that verify signatures now, the newest first.

        :rtype: list[TrustedKey]
        """
        self.ensure_one()
        sender = self.sudo()
        pasted = sender._pasted_key()
        if pasted:
            found = [(pasted, None)]
        elif sender.jwks_url:
            keys = self.env["spp.dci.crvs.sender.key"]._search_live(sender)
            found = [(key.public_key, key.key_id or None) for key in keys]
        else:
            found = []
        trusted = []
        for pem, kid in found:
            # One that was taken before it was known to prove nothing is no key.
            with suppress(ValueError):
                trusted.append(parse_pem(pem, kid))
        return trusted

    def _may_speak_for(self, event_type, identifier_types=()):
        """Tell whether this sender may report such an event.

        :param str event_type: "birth", "death", "marriage", "divorce"; a type added by another
            addon is allowed when that addon adds a field ``allow_<type>`` and it is set
        :param identifier_types: the upper-case codes of the identifiers by which the person is
            going to be matched, all of which must be allowed
        :rtype: bool
        """
        self.ensure_one()
        field = f"allow_{event_type}"
        if field not in self._fields or not self.sudo()[field]:
            return False
        allowed = self._allowed_identifier_codes()
        return allowed is None or allowed.issuperset(identifier_types)

    def _allowed_identifier_codes(self):
        """Return the upper-case codes of the identifiers it may name, None for all.

        :rtype: frozenset[str] | None
        """
        codes = self.sudo().allowed_identifier_types.mapped("code")
        return frozenset(code.upper() for code in codes) or None

    # === REGISTRY === #

    def _notifying_data_source(self):
        """Return the data source that stands for the same registry as this sender.

        Its settings (time zone, dialect, what a differing birth date does) hold for what the
        registry pushes as well.

        :return: the active CRVS data source, the oldest of several, or an empty recordset
        """
        self.ensure_one()
        return (
            self.env["spp.dci.data.source"]
            .sudo()
            .search_fetch(
                [("crvs_sender_id", "=", self.id), ("is_civil_registry", "=", True)],
                ["crvs_timezone"],
                order="id",
                limit=1,
            )
        )

    # === VERIFYING MESSAGES === #

    def _verify(self, envelope, remote_addr=None):
        """Verify that a message is this sender's.

        A key that nobody knows here is the sign of a rotation: the keys are fetched again, rarely.

        :param Envelope envelope: the message as received
        :param str remote_addr: IP address that it came from
        :rtype: VerifiedMessage
        :raise SignatureMissing, SignatureInvalid: see ``services.signature``; an expired signature
            that is right otherwise is returned, and not ``fresh``
        """
        self.ensure_one()
        name = (self.env.cr.dbname, self.id)
        forms = {
            "first_form": _attempts.last_form(name),
            "only_first": _attempts.is_tiresome(name, remote_addr),
        }
        try:
            verified = self._verify_with_known_or_new_keys(envelope, forms)
        except errors.DigestMismatch:
            _attempts.failed(name, remote_addr)
            raise
        if verified.profile == signature.HTTP_SIGNATURE:
            _attempts.succeeded(name, verified.form)
        return verified

    def _verify_with_known_or_new_keys(self, envelope, forms):
        try:
            return self._verify_with_known_keys(envelope, forms)
        except errors.UnknownKey:
            keys = self._refetch_for_unknown_key()
            if not keys:
                raise
            return self._verify_with(envelope, keys, forms)

    def _verify_with_known_keys(self, envelope, forms):
        try:
            return self._verify_with(envelope, self._trusted_keys(), forms)
        except errors.DigestMismatch:
            if not (self.jwks_url and self._pasted_key()):
                raise
        # A pasted key stands in until the keys are first fetched, and answers to every key id:
        # the message may be signed with one that is published and that nobody has looked for.
        return self._verify_with(envelope, (), forms)

    def _verify_with(self, envelope, keys, forms):
        return signature.verify(
            envelope,
            sender_id=self.sender_id,
            algorithm=self.algorithm,
            keys=keys,
            now=time.time(),
            clock_skew=int(number(self.env, const.PARAM_CLOCK_SKEW_S)),
            max_age=int(number(self.env, const.PARAM_MAX_MESSAGE_AGE_H) * 3600),
            **forms,
        )
