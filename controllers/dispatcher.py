"""How the DCI URLs are served: raw body in, DCI acknowledgement out, whatever happens between."""

import json
import logging
import traceback

from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

from odoo import SUPERUSER_ID
from odoo.http import Dispatcher, Response

from ..services.errors import BodyTooLarge, DCIError, InvalidJSON, ServiceUnavailable, WrongMethod
from ..services.log_guard import describe, statements_hidden
from ..services.wire import acknowledgement

_logger = logging.getLogger(__name__)


class Refusal(HTTPException):
    """Carries a :class:`DCIError` through Odoo's HTTP stack, which rolls back and logs nothing."""

    def __init__(self, error):
        super().__init__(str(error))
        self.code = error.http_status
        self.error = error


class DCIDispatcher(Dispatcher):
    """Dispatcher of ``type="dci"`` routes.

    Unlike the form dispatcher of Odoo it never parses the body, whatever content type the sender
    claims, and its errors are DCI acknowledgements (``HttpErrorResponse`` and ``Response`` of the
    DCI CRVS API 1.0.0), also for what fails after the controller returned.
    """

    routing_type = "dci"

    @classmethod
    def is_compatible_with(cls, request):
        """Take any content type on the DCI paths: registries post JSON as ``text/plain`` too."""
        return request.httprequest.path.startswith("/dci/")

    def dispatch(self, endpoint, args):
        """Call the endpoint with the body as bytes.

        :raise Refusal: for a message that is refused, so that nothing of it is kept
        """
        self.request.params = dict(args)
        self.request.update_env(user=SUPERUSER_ID)
        with statements_hidden():
            try:
                result = endpoint(body=self._read_body(endpoint), **args)
                self.request.env.flush_all()
            except DCIError as error:
                raise Refusal(error) from None
        return _json_response(202, result)

    def _read_body(self, endpoint):
        http = self.request.httprequest
        # Asked here and not by the route: Odoo adds OPTIONS to it, and refuses others in HTML.
        if http.method != "POST":
            raise WrongMethod()
        limit = endpoint.func.__self__._max_body_size()
        if (http.content_length or 0) > limit:
            raise BodyTooLarge(f"The message is larger than {limit} bytes.")
        # A chunked body declares no length: read one byte more than allowed to notice.
        http.max_content_length = limit + 1
        try:
            body = http.get_data(cache=True)
        except RequestEntityTooLarge:
            raise BodyTooLarge(f"The message is larger than {limit} bytes.") from None
        except BadRequest:
            raise InvalidJSON("The message ended before its declared length.") from None
        if len(body) > limit:
            raise BodyTooLarge(f"The message is larger than {limit} bytes.")
        return body

    def handle_error(self, exc):
        """Turn any exception into a DCI acknowledgement with ``ack_status`` ``ERR``.

        :param Exception exc: what ended the request
        :return: a WSGI application
        """
        if isinstance(exc, Refusal):
            error = exc.error
            _logger.info(
                "Refused a DCI message of %r: %s (%s) from %s",
                error.sender_id,
                error.code,
                error.reason,
                self.request.httprequest.remote_addr,
            )
            self._count(error)
        elif isinstance(exc, HTTPException):
            return exc
        else:
            error = ServiceUnavailable(
                "The message could not be stored; nothing was kept. Please send it again later."
            )
            _logger.error("A DCI message could not be stored: %s", _describe_safely(exc))
            # Odoo logs the text of the exception after this, and it may quote the payload.
            exc.loglevel = logging.DEBUG
            exc.args = (describe(exc),)
        return _json_response(error.http_status, acknowledgement.refused(error))

    def _count(self, error):
        """Have a refused message counted, whose answer is decided whatever comes of it."""
        try:
            with statements_hidden():
                env = self.request.env
                env.cr.rollback()  # nothing of a refused message is kept, nor locked any longer
                env["spp.dci.crvs.refusal"]._note(error, self.request.httprequest.remote_addr)
        except Exception as exc:  # noqa: BLE001  the answer must get out
            _logger.warning("A refused message could not be counted: %s", describe(exc))


def _describe_safely(exc):
    """Name an exception and the place it comes from, without its text."""
    frames = traceback.extract_tb(exc.__traceback__)
    place = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return f"{describe(exc)} in {place}"


def _json_response(status, body):
    headers = {"Cache-Control": "no-store"}
    if status == WrongMethod.http_status:
        headers["Allow"] = "POST"  # RFC 9110, section 15.5.6
    return Response(
        json.dumps(body, ensure_ascii=False),
        status=status,
        content_type="application/json; charset=utf-8",
        headers=headers,
    )
