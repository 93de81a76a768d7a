import base64
import re
import time
from urllib.parse import urlsplit

import httpx

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..services.client import DCIClient, tls_context

CODE = re.compile(r"[a-z0-9_]+")
DEFAULT_LIFETIME = 300  # seconds, for token servers that do not say

#: tokens and until when they are used, by what they were asked with
_tokens = {}


class DataSource(models.Model):
    _name = "spp.dci.data.source"
    _description = "DCI Data Source"
    _order = "name, id"

    name = fields.Char(required=True)
    code = fields.Char(
        required=True, help="How other modules refer to this registry: lower case, no blanks."
    )
    active = fields.Boolean(default=True)
    registry_type = fields.Selection(
        [
            ("CRVS", "Civil Registry (CRVS)"),
            ("ns:org:RegistryType:Civil", "Civil Registry"),
            ("SOCIAL_REGISTRY", "Social Registry"),
            ("IBR", "Integrated Beneficiary Registry (IBR)"),
            ("DR", "Disability Registry (DR)"),
            ("FR", "Farmer Registry (FR)"),
        ],
        required=True,
        default="CRVS",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("testing", "Testing"),
            ("active", "Active"),
            ("error", "Error"),
        ],
        required=True,
        default="draft",
        copy=False,
        help="How the last test of the connection went. The data source is used in any state.",
    )

    base_url = fields.Char(
        string="Base URL", required=True, help="Where the registry's API begins."
    )
    search_endpoint = fields.Char(required=True, default="/registry/sync/search")
    subscribe_endpoint = fields.Char(required=True, default="/registry/subscribe")
    verify_ssl = fields.Boolean(string="Verify TLS Certificate", default=True)
    timeout = fields.Integer(
        required=True,
        default=30,
        help="Seconds to wait for an answer.",
    )

    auth_type = fields.Selection(
        [
            ("none", "None"),
            ("bearer", "Bearer Token"),
            ("basic", "User Name and Password"),
            ("oauth2", "OAuth2 Client Credentials"),
        ],
        string="Authentication",
        required=True,
        default="oauth2",
    )
    bearer_token = fields.Char(groups="base.group_system", copy=False)
    basic_username = fields.Char(string="User Name", groups="base.group_system", copy=False)
    basic_password = fields.Char(string="Password", groups="base.group_system", copy=False)
    oauth2_token_url = fields.Char(string="Token URL", groups="base.group_system")
    oauth2_client_id = fields.Char(string="Client ID", groups="base.group_system", copy=False)
    oauth2_client_secret = fields.Char(
        string="Client Secret", groups="base.group_system", copy=False
    )
    oauth2_scope = fields.Char(string="Scope", groups="base.group_system")
    oauth2_credential_location = fields.Selection(
        [("body", "Form body"), ("query", "Query parameters")],
        string="Credentials In",
        required=True,
        default="body",
        help="RFC 6749 wants them in the body; OpenCRVS takes them as query parameters.",
    )

    our_sender_id = fields.Char(
        string="Our Sender ID",
        help="Who we are for the registry. Some registries find our keys below it, as a base URL.",
    )
    our_callback_uri = fields.Char(
        string="Our Callback URL", help="Where the registry sends answers and notifications."
    )
    receiver_id = fields.Char(string="Receiver ID", help="Who the registry is.")
    signing_key_id = fields.Many2one(
        "spp.dci.signing.key",
        ondelete="restrict",
        help="Signs our requests. Without one they leave unsigned.",
    )

    last_test_date = fields.Datetime(readonly=True, copy=False)
    last_error = fields.Char(readonly=True, copy=False)

    _code_unique = models.Constraint("UNIQUE (code)", "Another data source has this code.")
    _timeout_range = models.Constraint(
        "CHECK (timeout > 0)", "The timeout is a positive number of seconds."
    )

    @api.constrains("code")
    def _check_code(self):
        for source in self:
            if not CODE.fullmatch(source.code):
                raise ValidationError(
                    self.env._("A code consists of lower-case letters, digits and _ only.")
                )

    @api.constrains("base_url", "oauth2_token_url", "our_callback_uri")
    def _check_urls(self):
        for source in self.sudo():
            for url in (source.base_url, source.oauth2_token_url, source.our_callback_uri):
                if url and not _is_plain_http_url(url):
                    raise ValidationError(
                        self.env._(
                            "The URLs of %(name)s start with https:// or http://, name a host, "
                            "and hold no user name, password, query or fragment.",
                            name=source.name,
                        )
                    )

    @api.constrains(
        *("auth_type", "oauth2_token_url", "oauth2_client_id", "oauth2_client_secret"),
        "our_sender_id",
    )
    def _check_authentication(self):
        for source in self.sudo():
            credentials = (
                source.oauth2_token_url,
                source.oauth2_client_id,
                source.oauth2_client_secret,
            )
            if source.auth_type == "oauth2" and not all(credentials):
                raise ValidationError(
                    self.env._("OAuth2 needs a token URL, a client ID and a client secret.")
                )
            if source.auth_type != "none" and not source.our_sender_id:
                raise ValidationError(
                    self.env._("A registry that authenticates us needs our sender ID.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Write codes in lower case, and refuse those in use before PostgreSQL has to."""
        for vals in vals_list:
            if vals.get("code"):
                vals["code"] = vals["code"].strip().lower()
        self._check_code_is_free([vals.get("code") for vals in vals_list])
        return super().create(vals_list)

    def write(self, vals):
        """As for :meth:`create`."""
        if vals.get("code"):
            vals = {**vals, "code": vals["code"].strip().lower()}
            self._check_code_is_free([vals["code"]] * len(self))
        return super().write(vals)

    def copy_data(self, default=None):
        """Give copies a code of their own; credentials are not copied."""
        vals_list = super().copy_data(default)
        for source, vals in zip(self, vals_list, strict=True):
            if not (default and "code" in default):
                vals["code"] = f"{source.code}_copy"
                vals["name"] = self.env._("%s (copy)", source.name)
        return vals_list

    def _check_code_is_free(self, codes):
        """Refuse a code in use before PostgreSQL does, which logs the failing statement in full.

        :raise ValidationError: when a code comes twice or another data source has it.
        """
        taken = (
            self.sudo()
            .with_context(active_test=False)
            .search_count(
                [("code", "in", [code for code in codes if code]), ("id", "not in", self.ids)],
                limit=1,
            )
        )
        if taken or len(set(codes)) < len(codes):
            raise ValidationError(self._code_unique.get_error_message(self))

    @api.model
    def get_by_code(self, code):
        """Find an active data source.

        :param str code: its code, in any case.
        :return: the record
        :raise UserError: when there is none.
        """
        source = self.browse()
        if isinstance(code, str):
            source = self.search([("code", "=", code.strip().lower())], limit=1)
        if not source:
            raise UserError(
                self.env._(
                    "There is no active data source with the code %(code)s. Create it under "
                    "DCI > Configuration > Data Sources.",
                    code=code,
                )
            )
        return source

    @api.private
    def get_headers(self):
        """What a request to this registry carries, its authorization included.

        Asks for an OAuth2 token when no live one is at hand.

        :return: dict of header names and values
        :raise UserError: when credentials are missing or no token was given.
        """
        self.ensure_one()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        source = self.sudo()
        if source.auth_type == "bearer":
            if not source.bearer_token:
                raise UserError(source._missing_credentials())
            headers["Authorization"] = f"Bearer {source.bearer_token.strip()}"
        elif source.auth_type == "basic":
            if not source.basic_username:
                raise UserError(source._missing_credentials())
            pair = f"{source.basic_username}:{source.basic_password or ''}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        elif source.auth_type == "oauth2":
            headers["Authorization"] = f"Bearer {source.get_oauth2_token()}"
        return headers

    def _missing_credentials(self):
        return self.env._(
            "The credentials of the data source %(name)s are missing or incomplete. Enter them "
            "under DCI > Configuration > Data Sources.",
            name=self.name,
        )

    @api.private
    def get_oauth2_token(self):
        """An access token (RFC 6749, 4.4), asked for anew when this process has no live one.

        :return: str
        :raise UserError: when a credential is missing or no token was given.
        """
        source = self.sudo()
        source.ensure_one()
        if not (
            source.oauth2_token_url and source.oauth2_client_id and source.oauth2_client_secret
        ):
            raise UserError(source._missing_credentials())
        token, end = _tokens.get(source._token_key(), ("", 0))
        if time.time() < end:
            return token
        now = time.time()
        try:
            with httpx.Client(
                timeout=source.timeout, verify=tls_context(source.verify_ssl)
            ) as http:
                place = "params" if source.oauth2_credential_location == "query" else "data"
                answer = http.post(source.oauth2_token_url, **{place: source._token_request()})
                answer.raise_for_status()
                found = answer.json()
                token = found["access_token"]
                lifetime = float(found.get("expires_in") or DEFAULT_LIFETIME)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            raise UserError(
                self.env._("The token server of %s gave no access token.", source.name)
            ) from error
        _tokens[source._token_key()] = token, now + lifetime - min(30, lifetime / 10)
        return token

    @api.private
    def clear_oauth2_token_cache(self):
        """Have the next request ask for a new token."""
        for source in self.sudo():
            _tokens.pop(source._token_key(), None)

    def _token_request(self):
        request = {
            "grant_type": "client_credentials",
            "client_id": self.oauth2_client_id,
            "client_secret": self.oauth2_client_secret,
        }
        return {**request, "scope": self.oauth2_scope} if self.oauth2_scope else request

    def _token_key(self):
        asked = sorted(self._token_request().items())
        return self.env.cr.dbname, self.oauth2_token_url, self.oauth2_credential_location, *asked

    def action_test_connection(self):
        """Button: see :meth:`test_connection`."""
        return self.test_connection()

    def test_connection(self):
        """Reach the registry once, with a new token where it wants one, and note how it went.

        :return: the action that shows the outcome
        :raise AccessError: when the user may not change the data source.
        """
        self.ensure_one()
        self.check_access("write")
        error = False
        self.clear_oauth2_token_cache()
        try:
            DCIClient(self, self.env).ping()
        except UserError as failure:
            error = str(failure)
        self.write(
            {
                "state": "error" if error else "active",
                "last_test_date": fields.Datetime.now(),
                "last_error": error,
            }
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if error else "success",
                "sticky": bool(error),
                "title": self.env._("Connection failed")
                if error
                else self.env._("Connection works"),
                "message": error or self.env._("%s answered.", self.name),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


def _is_plain_http_url(url):
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises ValueError for a port that is none)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not parts.query
        and not parts.fragment
        and not re.search(r"[\s\x00-\x1f\x7f]", url)
    )
