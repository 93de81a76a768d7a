"""What a caller of the client may catch. All are `UserError`, so a user sees a sentence."""

from odoo.exceptions import UserError


class DCIClientError(UserError):
    """Asking a registry failed. The text never holds payload or credentials.

    :ivar int | None status_code: the registry's HTTP status, when it answered.
    :ivar str code: its error code, `err.…` or `rjct.…`, empty when it gave none.
    :ivar bool in_doubt: whether the registry may have acted on the request all the same.
    """

    def __init__(self, message, *, status_code=None, code="", in_doubt=False):
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.in_doubt = in_doubt


class DCIUnavailableError(DCIClientError):
    """Not reached, too slow, or HTTP 429/5xx after the last retry: ask again later."""


class DCIAuthenticationError(DCIClientError):
    """HTTP 401 or 403, or no access token: somebody has to correct the credentials."""


class DCIRefusedError(DCIClientError):
    """Any other status that is no success: the same request would be refused again."""


class DCIAnswerError(DCIClientError):
    """An answer that cannot be used: no JSON object, or larger than the limit."""
