import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import const
from ..services import key_fetch
from .crvs_sender_key import ACTIVITY_KEYS_CHANGED, parse_pem

# Letters, digits and what may stand in a URL (RFC 3986 section 2), since registries use theirs.
SENDER_ID_FORM = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,255}")


class CRVSSender(models.Model):
    """A civil registry whose messages are trusted."""

    _name = "spp.dci.crvs.sender"
    _description = "CRVS Sender"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, tracking=True, help="What people call this registry.")
    sender_id = fields.Char(
        string="Sender ID",
        required=True,
        copy=False,
        tracking=True,
        help="The name under which the registry signs its messages (sender_id in the header). "
        "Some registries use their base URL. It must match to the letter.",
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
        help="How this registry signs. A message signed in another way is refused, whatever it "
        "says about itself.",
    )
    jwks_url = fields.Char(
        string="JWKS URL",
        tracking=True,
        help="Where the registry publishes its keys, often <address>/.well-known/jwks.json. New "
        "keys are then found by themselves. Without it, paste the public key.",
    )
    public_key = fields.Text(
        string="Public Key",
        copy=False,
        help="In PEM form. Filled by Fetch Public Key when there is a JWKS URL: it then shows the "
        "newest key that the registry publishes.",
    )
    key_fingerprint = fields.Char(
        compute="_compute_key_fingerprint",
        store=True,
        tracking=True,
        help="RFC 7638 thumbprint of the public key. Compare it with the registry by telephone.",
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
            if not SENDER_ID_FORM.fullmatch(sender.sender_id):
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
                key_fetch.check_url(sender.jwks_url, allow_insecure=True)
            except key_fetch.KeyFetchError as error:
                raise ValidationError(
                    self.env._("This JWKS URL cannot be used: %(reason)s.", reason=error)
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
        before = {sender: sender._trust_anchor() for sender in self}
        result = super().write(vals)
        if "algorithm" in vals:
            self._show_primary_key()
        self.filtered(lambda sender: before[sender] != sender._trust_anchor())._alert_managers(
            ACTIVITY_KEYS_CHANGED,
            self.env._(
                "The key, the address, the algorithm or the name that this sender is trusted by "
                "has changed. Please confirm with the registry that this is right."
            ),
        )
        return result

    def _trust_anchor(self):
        """Return everything that decides whose messages are believed, but for fetched keys."""
        return (
            self.sender_id,
            self.active,
            self.algorithm,
            self.jwks_url or "",
            self._pasted_key(),
        )

    def _alert_managers(self, activity_type, note):
        """Raise one activity per sender for a CRVS manager, or renew the one that is open.

        :param str activity_type: XML id
        :param str note: what to do, without personal data
        """
        if not self:
            return
        group = self.env.ref("spp_dci_client_crvs.group_crvs_manager").sudo()
        managers = group.all_user_ids.filtered(lambda user: user.active and not user.share)
        # Rather somebody else than who made the change.
        assignee = (managers - self.env.user or managers).sorted("id")[:1]
        # No mail: this also runs while a registry waits for its answer.
        for sender in self.sudo().with_context(mail_activity_quick_update=True):
            activity = sender.activity_search([activity_type])
            if activity:
                activity.note = note
            else:
                sender.activity_schedule(activity_type, note=note, user_id=assignee.id)

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
            ["sender_id", "algorithm", "active", "public_key", "jwks_url", "last_key_fetch"],
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
            return [parse_pem(pasted)]
        if not sender.jwks_url:
            return []
        keys = self.env["spp.dci.crvs.sender.key"]._search_live(sender)
        return [key._trusted() for key in keys]

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
