import re
import secrets
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

RSA_BITS = 3072
RSA_MIN_BITS = 2048
RSA_MAX_BITS = 8192
# What stands between the bars of `<sender>|<key id>|<algorithm>` inside a quoted parameter.
KEY_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")


@lru_cache(maxsize=4)
def _read_private_key(pem):
    """Read a private key; the same text is read once, since checking an RSA key takes 0.1 s."""
    return serialization.load_pem_private_key(pem.encode(), password=None)


class SigningKey(models.Model):
    _name = "spp.dci.signing.key"
    _description = "DCI Signing Key"
    _order = "state, name, id"

    name = fields.Char(required=True)
    key_id = fields.Char(
        string="Key ID",
        required=True,
        copy=False,
        default=lambda self: f"key-{secrets.token_hex(4)}",
        help="The name of the key in signatures and in the published key set.",
    )
    algorithm = fields.Selection(
        [("ed25519", "Ed25519"), ("rs256", "RSA with SHA-256 (RS256)")],
        required=True,
        default="ed25519",
    )
    private_key = fields.Text(
        groups="base.group_system",
        copy=False,
        help="PEM, unencrypted. Generate one, or paste the key a registry knows already.",
    )
    public_key = fields.Text(compute="_compute_public_key", store=True, copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("revoked", "Revoked")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )

    _key_id_unique = models.Constraint("UNIQUE (key_id)", "Another key has this key ID.")

    @api.depends("private_key")
    def _compute_public_key(self):
        for key in self:
            # A revoked key has no private part any more; its public part still verifies.
            if not key.private_key:
                key.public_key = key.public_key
                continue
            try:
                public_key = key._load_private_key().public_key()
            except ValueError:
                key.public_key = False
                continue
            key.public_key = public_key.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ).decode()

    @api.constrains("key_id")
    def _check_key_id(self):
        for key in self:
            if not KEY_ID.fullmatch(key.key_id):
                raise ValidationError(
                    self.env._(
                        "A key ID has at most 128 characters: letters, digits and . _ ~ - only."
                    )
                )

    @api.constrains("private_key", "algorithm")
    def _check_private_key(self):
        for key in self.sudo():
            if not key.private_key:
                continue
            try:
                private_key = key._load_private_key()
            except ValueError:
                raise ValidationError(
                    self.env._(
                        "The private key of %(name)s cannot be read. It has to be an unencrypted "
                        "Ed25519 or RSA key in PEM.",
                        name=key.name,
                    )
                ) from None
            if isinstance(private_key, rsa.RSAPrivateKey):
                if key.algorithm == "rs256" and (
                    RSA_MIN_BITS <= private_key.key_size <= RSA_MAX_BITS
                ):
                    continue
            elif key.algorithm == "ed25519":
                continue
            raise ValidationError(
                self.env._(
                    "The private key of %(name)s does not fit its algorithm. RS256 needs an RSA "
                    "key of 2048 to 8192 bits, Ed25519 an Ed25519 key.",
                    name=key.name,
                )
            )

    def write(self, vals):
        """Leave keys as they are once they sign: registries know them.

        :raise UserError: when the key proper of an active or revoked key would change.
        """
        frozen = {"private_key", "algorithm", "key_id"} & vals.keys()
        if frozen and any(key.state != "draft" for key in self):
            raise UserError(
                self.env._("Only draft keys can be changed. Make a new key and revoke this one.")
            )
        return super().write(vals)

    def action_generate_key(self):
        """Give draft keys a new private key.

        :return: True
        :raise UserError: when a key is not in draft.
        """
        self.check_access("write")
        for key in self:
            if key.algorithm == "ed25519":
                private_key = Ed25519PrivateKey.generate()
            else:
                private_key = rsa.generate_private_key(65537, RSA_BITS)
            key.private_key = private_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ).decode()
        return True

    def action_activate(self):
        """Let draft keys sign from now on.

        :return: True
        :raise UserError: when a key was revoked or has no private key.
        """
        self.check_access("write")
        for key in self:
            if key.state == "revoked":
                raise UserError(self.env._("A revoked key never signs again. Make a new key."))
            if not key.private_key:
                raise UserError(self.env._("Generate the key or paste a private key first."))
        self.state = "active"
        return True

    def action_revoke(self):
        """Stop keys from signing, for good: their private part is forgotten.

        :return: True
        """
        self.check_access("write")
        # Past write(), which keeps everybody else from changing a key in use.
        super().write(  # pylint: disable=super-method-mismatch
            {"state": "revoked", "private_key": False}
        )
        return True

    def _load_private_key(self):
        """:return: the `cryptography` private key, Ed25519 or RSA.
        :raise ValueError: when it is not an unencrypted key of these in PEM.
        """
        self.ensure_one()
        try:
            private_key = _read_private_key(self.sudo().private_key or "")
        except (ValueError, TypeError, UnsupportedAlgorithm):
            private_key = None
        if not isinstance(private_key, Ed25519PrivateKey | rsa.RSAPrivateKey):
            raise ValueError("not an unencrypted Ed25519 or RSA private key in PEM")
        return private_key
