"""An OpenCRVS that forgives nothing, on a port of its own.

Written from the description of its interface alone, so that our client and our sandbox registry
cannot agree on a mistake.
"""

import json
import secrets
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from .strict_opencrvs_records import find
from .strict_opencrvs_rules import Refused, check_shape, check_signature, thumbprint

LOCAL = timezone(timedelta(hours=6))


class StrictOpenCRVS:
    """A registry of births, deaths and marriages.

    :ivar dict client: the credentials it knows
    :ivar dict records: list of records by register, as they travel
    :ivar list refused: what was refused, as pairs of HTTP status and reason
    :ivar list searches: the envelopes of the searches that were taken
    :ivar list tokens_asked: moments at which a token was given
    :ivar list outbox: answers that are still to be sent to the client's address
    :ivar str signing: ``right``, or how the signature of answers is wrong: ``missing``, ``empty``,
        ``other key``, ``other content``, ``http`` (a string of the other profile)
    :ivar int page_limit: records that a page holds at most
    :ivar bool leaves_out: whether an answer leaves out the questions for which nothing was found
    :ivar out_of_order: status, content type and body to answer searches with
    :ivar delivers: what finds the records for a criteria; to be replaced by a registry gone wrong
    """

    def __init__(self):
        self.records = {"birth": [], "death": [], "marriage": []}
        self.refused, self.searches, self.tokens_asked, self.outbox = [], [], [], []
        self.signing = "right"
        self.page_limit = 1000
        self.leaves_out = True
        self.token_lifetime = 600  # seconds
        # No other registry's token on the same port, a test ago, is kept under these.
        self.client = {"client_id": "spp", "client_secret": f"a b/c+d&e {secrets.token_hex(8)}"}
        self.out_of_order = None
        self.delivers = lambda criteria: find(self.records, criteria)
        self._tokens = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.restart()
        # A run that is interrupted must not wait for it.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    def stop(self):
        """Stop serving and close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def restart(self):
        """Make new keys, as it does whenever it starts."""
        self._key, self._strange_key = (rsa.generate_private_key(65537, 2048) for _key in range(2))
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._kid = thumbprint(jwk)
        self.jwks = {
            "keys": [
                {**jwk, "kid": "for-encryption", "use": "enc", "key_ops": ["encrypt"]},
                {**jwk, "kid": self._kid, "use": "sig", "alg": "RS256"},
            ]
        }

    @property
    def public_key(self):
        """The key that answers are signed with."""
        return self._key.public_key()

    def expire_tokens(self):
        """Let every token given so far be too old."""
        self._tokens = dict.fromkeys(self._tokens, 0)

    def deliver(self, post=None):
        """Send the answers that are still to be sent.

        :param post: called with URL, body and headers; sends them over HTTP when left out
        :return: the HTTP answers
        """
        answers = []
        while self.outbox:
            envelope = self.outbox.pop(0)
            body = json.dumps(self._answer(envelope, "c-later")).encode()
            headers = {"Content-Type": "text/plain;charset=UTF-8"}
            answers.append((post or _post)(envelope["header"]["sender_uri"], body, headers))
        return answers

    # === WHAT COMES IN === #

    def take(self, method, target, headers, body):
        """Answer a request.

        :return: status, content type and body; None for an object that is sent as JSON
        """
        parts = urlsplit(target)
        routes = {
            ("GET", "/.well-known/jwks.json"): lambda: self.jwks,
            ("POST", "/oauth2/client/token"): lambda: self._give_token(parts.query, body),
            ("POST", "/registry/sync/search"): lambda: self._search(headers, body, False),
            ("POST", "/registry/search"): lambda: self._search(headers, body, True),
        }
        try:
            if (method, parts.path) not in routes:
                raise Refused(404, "err.request.not_found", f"there is no {method} {parts.path}")
            answer = routes[method, parts.path]()
        except Refused as refusal:
            self.refused.append((refusal.status, str(refusal)))
            error = {"code": refusal.code, "message": str(refusal)}
            return refusal.status, "application/json", json.dumps({"errors": [error]})
        if isinstance(answer, tuple):
            return answer
        return 200, "application/json", json.dumps(answer)

    def _give_token(self, query, body):
        given = {name: values[0] for name, values in parse_qs(query).items()}
        if body or given != {**self.client, "grant_type": "client_credentials"}:
            raise Refused(401, "err.request.unauthorized", "the credentials in the query are wrong")
        token = secrets.token_urlsafe(24)
        self._tokens[token] = time.monotonic() + self.token_lifetime
        self.tokens_asked.append(time.monotonic())
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.token_lifetime,
        }

    def _search(self, headers, body, is_async):
        kind, _blank, token = headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or self._tokens.get(token, 0) <= time.monotonic():
            raise Refused(401, "err.request.unauthorized", "the token is missing or too old")
        if headers.get_content_type() != "application/json":
            raise Refused(400, "err.request.bad", "the content type is not JSON")
        try:
            envelope = json.loads(body)
        except ValueError:
            raise Refused(400, "err.request.bad", "the body is not JSON") from None
        check_shape(envelope, receiver_id=self.url, is_async=is_async)
        check_signature(envelope)
        self.searches.append(envelope)
        if self.out_of_order:
            return self.out_of_order
        if not is_async:
            return self._answer(envelope, "c-1")
        self.outbox.append(envelope)
        acknowledged = {"ack_status": "ACK", "timestamp": _now(), "correlation_id": "c-later"}
        return {"message": acknowledged}

    # === WHAT GOES OUT === #

    def _answer(self, envelope, correlation_id):
        asked = envelope["header"]
        items = [self._item(question) for question in envelope["message"]["search_request"]]
        header = {
            "version": "1.0.0",
            "message_id": asked["message_id"],
            "message_ts": _now(),
            "action": "search",
            "status": "succ",
            "total_count": len(items),
            "sender_id": asked["sender_id"],
            "receiver_id": self.url,
            "is_msg_encrypted": False,
        }
        message = {
            "transaction_id": envelope["message"]["transaction_id"],
            "correlation_id": correlation_id,
            "search_response": [item for item in items if item],
        }
        return self._signed({"header": header, "message": message})

    def _item(self, question):
        criteria = question["search_criteria"]
        found = self.delivers(criteria)
        wanted = criteria.get("pagination", {"page_size": 10})
        size, number = min(wanted["page_size"], self.page_limit), wanted.get("page_number", 1)
        page = found[(number - 1) * size : number * size]
        if not page and self.leaves_out:
            return None
        return {
            "reference_id": question["reference_id"],
            "timestamp": _now(),
            "status": "succ",
            "data": {
                "version": "1.0.0",
                "reg_type": criteria["reg_type"],
                "reg_record_type": "spdci-extensions-dci:Person",
                "reg_records": page,
            },
            "pagination": {"page_size": size, "page_number": number, "total_count": len(found)},
            "locale": "eng",
        }

    def _signed(self, content):
        if self.signing == "missing":
            return content
        texts = {"empty": "", "http": 'namespace="dci", kidId="k", signature="c2ln"'}
        if self.signing in texts:
            return {"signature": texts[self.signing], **content}
        signed = json.loads(json.dumps(content))
        if self.signing == "other content":
            signed["message"]["transaction_id"] = "another"
        key = self._strange_key if self.signing == "other key" else self._key
        headers = {"kid": self._kid, "typ": None}
        text = jwt.PyJWS().encode(json.dumps(signed).encode(), key, "RS256", headers)
        return {"signature": text, **content}


def _post(url, body, headers):
    session = requests.Session()
    session.trust_env = False
    return session.post(url, body, headers=headers, timeout=30)


def _now():
    return datetime.now(LOCAL).isoformat(timespec="milliseconds")


def _handler(registry):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body leave together

        def _serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, text = registry.take(self.command, self.path, self.headers, body)
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _serve

        def log_message(self, *_args):
            """Say nothing."""

    return Handler
