"""A key server on 127.0.0.1 that behaves as a test wants, and keys to publish."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

PATH = "/.well-known/jwks.json"


def ed25519_key():
    return Ed25519PrivateKey.generate()


def rsa_key(bits=2048):
    return rsa.generate_private_key(65537, bits)


def pem(private_key):
    public_key = private_key.public_key()
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def jwk(private_key, kid=None, **members):
    """Write a public JWK by PyJWT, a path of code that the addon does not use for it."""
    family = RSAAlgorithm if isinstance(private_key, rsa.RSAPrivateKey) else OKPAlgorithm
    entry = dict(family.to_jwk(private_key.public_key(), as_dict=True), use="sig")
    if kid:
        entry["kid"] = kid
    return {**entry, **members}


class KeyServer:
    """Serves ``answers[path]``: a function of the request handler.

    :param ssl.SSLContext tls: to serve HTTPS
    """

    def __init__(self, tls=None):
        self.answers = {}
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append((self.path, dict(self.headers)))
                outer.answers[self.path](self)

            def log_message(self, *args):
                """Keep the tests' output clean."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args):
                """Connections are cut on purpose."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        # A run that is interrupted must not wait for it.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path=PATH, host="127.0.0.1", scheme="http"):
        return f"{scheme}://{host}:{self.port}{path}"

    def publish(self, *entries, path=PATH):
        self.serve(json.dumps({"keys": entries}).encode(), path=path)

    def serve(self, body, status=200, path=PATH, **headers):
        def answer(handler):
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answers[path] = answer


def tls_context(certificate, private_key, folder):
    """Make a server's TLS context out of ``cryptography`` objects, by files in a folder."""
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    chain = folder / "server.pem"
    chain.write_bytes(
        private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context
