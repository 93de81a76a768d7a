"""The URLs: routing, tokens, misbehaviour, and errors in the standard's shape."""

import json
import time

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from .admin import Admin
from .notifications import Notifier
from .opencrvs import OpenCRVS
from .opencrvs2 import OpenCRVS2
from .standard import Standard
from .tokens import OAuthError
from .wire import JSON_TYPE, Refused, dumps, error_body

MAX_BODY = 32 * 1024 * 1024

# URL, dialect, action in the header, method of the dialect
_REGISTRY_URLS = (
    ("/registry/sync/search", "standard", "search", "sync_search"),
    ("/registry/search", "standard", "search", "search"),
    ("/registry/subscribe", "standard", "subscribe", "subscribe"),
    ("/registry/unsubscribe", "standard", "unsubscribe", "unsubscribe"),
    ("/registry/sync/txn/status", "standard", "txn-status", "sync_status"),
    ("/registry/txn/status", "standard", "txn-status", "status"),
    ("/opencrvs/registry/sync/search", "opencrvs", "search", "sync_search"),
    ("/opencrvs/registry/search", "opencrvs", "search", "search"),
    ("/opencrvs2/registry/sync/search", "opencrvs2", "search", "sync_search"),
    ("/opencrvs2/registry/search", "opencrvs2", "search", "search"),
)
_CODES = {
    404: "err.request.not_found",
    401: "err.request.unauthorized",
    403: "err.request.forbidden",
}


class App:
    """WSGI application over one Registry."""

    def __init__(self, registry):
        self.registry = registry
        standard = Standard(registry)
        self._dialects = {
            "standard": standard,
            "opencrvs": OpenCRVS(registry),
            "opencrvs2": OpenCRVS2(registry),
        }
        self._admin = Admin(registry, Notifier(registry, standard))
        rules = [
            Rule(url, methods=["POST"], endpoint=(self._registry, (dialect, action, method)))
            for url, dialect, action, method in _REGISTRY_URLS
        ]
        for prefix, location, ring in (
            ("", "body", "ring"),
            ("/opencrvs", "query", "opencrvs_ring"),
            ("/opencrvs2", "body", "ring"),
        ):
            token, jwks = (self._token, (location,)), (self._jwks, (ring,))
            rules += [
                Rule(f"{prefix}/oauth2/token", methods=["POST"], endpoint=token),
                Rule(f"{prefix}/oauth2/client/token", methods=["POST"], endpoint=token),
                Rule(f"{prefix}/.well-known/jwks.json", methods=["GET"], endpoint=jwks),
            ]
        rules += [
            Rule(f"/admin/{url}", methods=[method], endpoint=(self._serve_admin, (function,)))
            for method, url, function in self._admin.urls()
        ]
        rules.append(Rule("/", methods=["GET"], endpoint=(self._root, ())))
        self._map = Map(rules)

    def __call__(self, environ, start_response):
        """Answer a request, as WSGI wants it."""
        request = Request(environ)
        request.max_content_length = MAX_BODY
        response = self._respond(request)
        return response(environ, start_response)

    def _respond(self, request):
        try:
            (function, arguments), _values = self._map.bind_to_environ(request.environ).match()
        except HTTPException as error:
            return _json(error_body(_CODES[404], error.name), error.code)
        if function == self._serve_admin:
            return _shielded(function, request, {}, *arguments)
        with self.registry.lock:
            faults = self.registry.faults.draw(request.path)
        response = _shielded(_misbehave, function, request, faults, *arguments)
        with self.registry.lock:
            self.registry.counters[request.path, response.status_code] += 1
            self.registry.requests.append(_remembered(request, response))
        if "truncated" in faults:
            _truncate(response)
        return response

    def _registry(self, request, faults, dialect, action, method):
        with self.registry.lock:
            if "expired_token" in faults:
                self.registry.tokens.expire_all()
            self.registry.tokens.check(request.headers.get("Authorization"))
        served = self._dialects[dialect]
        # Opening may fetch the client's keys: not under the lock.
        exchange = served.open(request, action, faults)
        with self.registry.lock:
            status, body = getattr(served, method)(exchange)
        return Response(body, status, mimetype=JSON_TYPE) if status == 200 else _json(body, status)

    def _token(self, request, _faults, location):
        with self.registry.lock:
            answer = self.registry.tokens.issue(request, location)
        return _json(answer, headers={"Cache-Control": "no-store"})

    def _jwks(self, _request, _faults, ring):
        with self.registry.lock:
            return _json(getattr(self.registry, ring).jwks())

    def _serve_admin(self, request, _faults, function):
        if request.remote_addr not in ("127.0.0.1", "::1"):
            raise Refused(403, _CODES[403], "Admin URLs are for this machine alone.")
        body = {}
        if request.method == "POST" and request.get_data():
            try:
                body = json.loads(request.get_data())
            except ValueError as error:
                raise Refused(400, "err.request.bad", "The body is no JSON.") from error
        if not isinstance(body, dict):
            raise Refused(400, "err.request.bad", "The body is an object.")
        return _json(function(body, request.args))

    def _root(self, _request, _faults):
        return _json(
            {"name": "Sandbox civil registry, for trying things out", "url": self.registry.url}
        )


def _json(value, status=200, headers=None):
    return Response(dumps(value), status, headers, mimetype=JSON_TYPE)


def _shielded(function, *arguments):
    """:return: the function's Response, or that for the error it raised."""
    try:
        return function(*arguments)
    except Refused as error:
        return _json(error_body(error.code, error.message), error.status, error.headers)
    except OAuthError as error:
        return _json({"error": error.error}, error.status, {"Cache-Control": "no-store"})
    except HTTPException as error:
        return _json(error_body("err.request.bad", error.name), error.code)


def _misbehave(function, request, faults, *arguments):
    """Do what comes before the request is looked at, then let the function answer it.

    :return: Response.
    :raise Refused: the error that was ordered.
    """
    if "slow" in faults:
        time.sleep(faults["slow"].seconds)
    if "disconnect" in faults:
        raise ConnectionAbortedError
    if "rate_limit" in faults:
        headers = {"Retry-After": str(faults["rate_limit"].retry_after)}
        raise Refused(429, "err.request.too_many_requests", "Too many requests.", headers)
    if "error" in faults:
        status = faults["error"].status
        raise Refused(status, _CODES.get(status, "err.service.unavailable"), "Ordered to fail.")
    if "garbage" in faults:
        return Response("<html>Please log in to this network.</html>", mimetype="text/html")
    return function(request, faults, *arguments)


def _truncate(response):
    """Announce the whole answer, send half of it, close."""
    whole = response.get_data()
    response.response = [whole[: len(whole) // 2]]
    response.automatically_set_content_length = False
    response.headers["Content-Length"] = str(len(whole))
    response.headers["Connection"] = "close"


def _remembered(request, response):
    # A form was consumed when it was read, and with it the client's secret.
    body = b"" if response.status_code == 413 else request.get_data()
    return {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "authorization": request.headers.get("Authorization", "").partition(" ")[0],
        "content_type": request.content_type,
        "body": body,
    }
