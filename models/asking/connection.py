from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...services.asking.probe import try_connection
from ..mixins import check_group

# What lets us in, by the kind of authentication, the secret last; it is never shown.
_CREDENTIALS = {
    "bearer": ("bearer_token",),
    "basic": ("basic_username", "basic_password"),
    "oauth2": ("oauth2_token_url", "oauth2_client_id", "oauth2_client_secret"),
}
_SECRETS = ("bearer_token", *_CREDENTIALS["basic"], "oauth2_client_secret")
# What only the people of this server can put right, by the short word for what happened.
_OURS = {"inactive_signing_key", "no_signing_key", "no_rsa_key", "bad_signing_key", "no_keys"}
_EITHER = {"unreachable", "moved", "not_offered"}


class SppDciDataSource(models.Model):
    """How a civil registry is connected: credentials that managers enter but never read, a test."""

    _inherit = "spp.dci.data.source"

    def write(self, vals):
        """Write, but send no credentials to where they were not meant for.

        Managers may say where a civil registry is, and not read what lets us in there.

        :raise UserError: when a manager moves a registry whose credentials are stored
        :raise AccessError: when a manager makes another kind of registry of it
        """
        self.check_access("write")  # who may not write at all, learns nothing of the rest
        trusted = self.env.su or self.env.user.has_group("base.group_system")
        if "base_url" in vals and not trusted:
            for source in self:
                if source._crvs_moves_to(vals["base_url"]):
                    raise UserError(
                        self.env._(
                            "The credentials of %s were entered for another server. Change the "
                            "address with the button Connect, which asks for them again, or have "
                            "an administrator change it.",
                            source.name,
                        )
                    )
        result = super().write(vals)
        if "registry_type" in vals and not trusted:
            self.check_access("write")  # of what it has become
        return result

    # === CREDENTIALS === #

    def _crvs_moves_to(self, base_url):
        """Tell whether an address is on another server than the one our credentials are for.

        :param str base_url: the new one
        :rtype: bool
        """
        self.ensure_one()
        source = self.sudo()
        return _server(source.base_url) != _server(base_url) and any(
            source[name] for name in _SECRETS if name in source._fields
        )

    def _crvs_move(self, base_url):
        """Set the address; what lets us in at another server is forgotten.

        :param str base_url: the new one
        :return: whether the credentials have to be entered again
        :rtype: bool
        """
        self.check_access("write")
        values = {"base_url": base_url}
        moves = self._crvs_moves_to(base_url)
        if moves:
            secrets = [*_SECRETS, "oauth2_token_url", "oauth2_client_id"]
            values.update(auth_type="none", last_test_date=False)
            values.update(dict.fromkeys((n for n in secrets if n in self._fields), False))
        if self.base_url != base_url:
            values.update(state="draft", last_error=False)
            self.sudo().write(values)
        return moves

    @api.model
    def _crvs_credentials(self, auth_type):
        """Return the names of the fields that a kind of authentication needs.

        The base module promises no fields for user name and password.

        :param str auth_type: kind of authentication
        """
        return [name for name in _CREDENTIALS.get(auth_type, ()) if name in self._fields]

    def _crvs_has_credentials(self):
        """Tell whether all is stored that the chosen kind of authentication needs."""
        self.ensure_one()
        source = self.sudo()
        return all(source[name] for name in self._crvs_credentials(source.auth_type))

    def _crvs_set_credentials(self, auth_type, given):
        """Store what lets us in; what is empty stays as it is.

        :param str auth_type: kind of authentication
        :param dict given: by field
        :raise UserError: when a part is missing: a secret that is stored is not sent to another
            address or with another name, while a new one may go where the old one went
        """
        self.ensure_one()
        check_group(self.env, "manager", or_system=True)
        self.check_access("write")
        needed = self._crvs_credentials(auth_type)
        new = {name: given[name].strip() for name in needed if (given.get(name) or "").strip()}
        is_stored = self.auth_type == auth_type and self._crvs_has_credentials()
        if len(new) < len(needed) and not (is_stored and new.keys() <= {needed[-1]}):
            raise UserError(
                self.env._(
                    "Enter all of the credentials. Once they are stored, a new password or secret "
                    "can be entered alone."
                )
            )
        others = {name: given[name] for name in ("oauth2_scope",) if given.get(name)}
        if given.get("oauth2_credential_location"):
            others["oauth2_credential_location"] = given["oauth2_credential_location"]
        self.sudo().write(
            {"auth_type": auth_type, **new, **others, "state": "draft", "last_error": False}
        )

    # === TEST === #

    def action_test_connection(self):
        """Test the connection as the registry would judge it, where it is a civil registry.

        :return: the action that says what was tried and what came back
        :rtype: dict
        :raise AccessError: when the user may not change the data source
        """
        if not self.is_civil_registry:
            return super().action_test_connection()
        works, sentence = self._crvs_test_connection()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if works else "danger",
                "sticky": True,
                "title": self.env._("Connection works")
                if works
                else self.env._("Connection failed"),
                "message": sentence,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _crvs_test_connection(self):
        """Get a token, ask a harmless question signed as every other, and note what came of it.

        :return: whether the registry answered, and a sentence on what was tried
        :rtype: tuple[bool, str]
        :raise AccessError: when the user may not change the data source
        """
        self.ensure_one()
        self.check_access("write")
        trial = try_connection(self.env, self)
        if self.crvs_daily_searches and trial.problem != "token":
            self.sudo()._crvs_count_search()
        tried = self._crvs_tried()
        if trial.understood:
            sentence = self.env._("%(tried)s It answered.", tried=tried)
        elif trial.problem == "token":
            sentence = " ".join(
                (
                    self.env._("No question was asked, since we were not let in."),
                    trial.sentence,
                    self._crvs_whom_to_ask(trial.problem),
                )
            )
        else:
            sentence = " ".join((tried, trial.sentence, self._crvs_whom_to_ask(trial.problem)))
        self.write(
            {
                "state": "active" if trial.understood else "error",
                "last_test_date": fields.Datetime.now(),
                "last_error": False if trial.understood else sentence,
            }
        )
        return trial.understood, sentence

    def _crvs_tried(self):
        """Return the sentence on what a test asks of this registry."""
        source = self.sudo()
        way = dict(self._fields["dialect"]._description_selection(self.env))[source.dialect]
        host = urlsplit(source.base_url).netloc
        if source.auth_type == "oauth2":
            let_in = self.env._("A new token was given.")
        elif source.auth_type == "none":
            let_in = self.env._("No credentials were needed or sent.")
        else:
            let_in = self.env._("The stored credentials were sent.")
        if source.signing_key_id:
            asked = self.env._(
                "%(host)s was asked, signed with our key %(key)s and in the way of %(way)s, about "
                "a birth that does not exist.",
                host=host,
                key=source.signing_key_id.key_id,
                way=way,
            )
        else:
            asked = self.env._(
                "%(host)s was asked, unsigned and in the way of %(way)s, about a birth that does "
                "not exist.",
                host=host,
                way=way,
            )
        if source.crvs_sender_id and source.answer_verification == "require":
            checked = self.env._("Its answer had to be signed with its key.")
        else:
            checked = self.env._("Whether its answer is signed was not demanded.")
        return " ".join((let_in, asked, checked))

    def _crvs_whom_to_ask(self, problem):
        """Return the sentence on who can put right what happened.

        :param str problem: short word for it
        """
        if problem == "token":
            return self.env._(
                "Check what you entered: address for tokens, client ID, secret, and where these "
                "two go (an OpenCRVS takes them in the address). Whom to ask: the registry's "
                "administrator."
            )
        if problem in _OURS:
            return self.env._("Whom to ask: the administrator of this server.")
        if problem in _EITHER:
            return self.env._(
                "Whom to ask: the administrator of this server whether it may reach that address, "
                "then the registry's administrator whether the address is right."
            )
        return self.env._("Whom to ask: the registry's administrator.")


def _server(url):
    """Return what tells servers apart in an address."""
    try:
        parts = urlsplit((url or "").strip())
        return parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        return url
