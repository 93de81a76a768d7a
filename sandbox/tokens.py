"""OAuth2 client credentials: who may have a token, and how long it lasts (RFC 6749, RFC 6750)."""

import base64
import binascii
import hmac
import secrets
import time

from .wire import Refused


class OAuthError(Exception):
    """An error answer of the token endpoint (RFC 6749, section 5.2)."""

    def __init__(self, status, error):
        super().__init__(error)
        self.status = status
        self.error = error


class Tokens:
    """Issues and checks opaque bearer tokens. Not safe for threads: the registry holds its lock.

    :param client_id: the one client.
    :param client_secret: its secret.
    :param lifetime: of a token, in seconds.
    """

    def __init__(self, client_id, client_secret, lifetime=3600):
        self.client_id = client_id
        self.client_secret = client_secret
        self.lifetime = lifetime
        self._expiry = {}

    def issue(self, request, location):
        """Answer a token request.

        :param request: werkzeug Request.
        :param location: where credentials are looked for: ``body`` (form or HTTP Basic) or
            ``query``.
        :return: dict, the token answer.
        :raise OAuthError: the request or the credentials are wrong.
        """
        values = request.args if location == "query" else request.form
        if values.get("grant_type") != "client_credentials":
            wrong = "unsupported_grant_type" if values.get("grant_type") else "invalid_request"
            raise OAuthError(400, wrong)
        pair = values.get("client_id"), values.get("client_secret")
        if location == "body" and pair == (None, None):
            pair = _basic(request.headers.get("Authorization", ""))
        expected = self.client_id, self.client_secret
        if not all(
            hmac.compare_digest((given or "").encode(), wanted.encode())
            for given, wanted in zip(pair, expected, strict=True)
        ):
            raise OAuthError(401, "invalid_client")
        token = secrets.token_urlsafe(24)
        now = time.monotonic()
        self._expiry = {item: until for item, until in self._expiry.items() if until > now}
        self._expiry[token] = now + self.lifetime
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}

    def check(self, authorization):
        """Check that a request bears a token.

        :param authorization: value of the Authorization header, or None.
        :raise Refused: 401 when it bears no token that is valid now.
        """
        scheme, _blank, token = (authorization or "").partition(" ")
        valid = scheme.lower() == "bearer" and self._expiry.get(token.strip(), 0) > time.monotonic()
        if not valid:
            raise Refused(
                401,
                "err.request.unauthorized",
                "A valid bearer token is needed.",
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )

    def expire_all(self):
        """Make every token issued so far invalid."""
        self._expiry = {}


def _basic(authorization):
    scheme, _blank, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        user, _colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    return user, password
