import gzip
import ipaddress
import json
import os
import socket
import ssl
import tempfile
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from ...services.signature import jwks_fetch
from ...services.signature.address_check import is_allowed
from ..helpers.key_server import KeyServer, ed25519_key, jwk, rsa_key, tls_context

REFUSED = (
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "0.1.2.3",
    "169.254.1.1",
    "169.254.169.254",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::",
    "::1",
    "::127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::169.254.169.254",
    # Teredo: server 1.1.1.1 and client 127.0.0.1, whose bits are turned round; server 127.0.0.1
    "2001:0:101:101::80ff:fffe",
    "2001:0:7f00:1::f7f7:f7f7",
)
ALLOWED = (
    "10.1.2.3",
    "172.16.0.9",
    "192.168.7.7",
    "100.64.0.1",
    "93.184.216.34",
    "fd12:3456::1",
    "2a00:1450::1",
    "::ffff:10.1.2.3",
    "2002:5db8:d822::1",
    "64:ff9b::93.184.216.34",
)


def resolver(*answers):
    """Stand in for the system's resolver: each call gives the next of the answers."""
    remaining = list(answers)

    def getaddrinfo(host, port, *_args, **_kwargs):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))
            for address in remaining.pop(0)
        ]

    return patch.object(jwks_fetch.socket, "getaddrinfo", getaddrinfo)


class TestAddresses(unittest.TestCase):
    def test_refused(self):
        for address in REFUSED:
            with self.subTest(address):
                self.assertFalse(is_allowed(address))

    def test_allowed(self):
        for address in ALLOWED:
            with self.subTest(address):
                self.assertTrue(is_allowed(address))

    def test_laboratory_opens_loopback_alone(self):
        loopback = {
            address
            for address in REFUSED
            if is_allowed(address, allow_loopback=True) and ipaddress.ip_address(address)
        }
        self.assertEqual(
            loopback,
            {
                "127.0.0.1",
                "127.8.9.10",
                "::1",
                "::ffff:127.0.0.1",
                "2002:7f00:1::",
                "64:ff9b::127.0.0.1",
                "2001:0:101:101::80ff:fffe",
                "2001:0:7f00:1::f7f7:f7f7",
            },
        )


class TestURL(unittest.TestCase):
    def test_refused(self):
        for url, reason in (
            ("", "not a URL"),
            ("registry.example/jwks", "not a URL"),
            ("https://", "not a URL"),
            ("https:///jwks", "not a URL"),
            ("https://registry.example:99999/", "not a URL"),
            ("https://registry.example:0/", "not a URL"),
            ("https://registry.example:x/", "not a URL"),
            ("https://[::1/", "not a URL"),
            ("https://registry.example/a b", "not a URL"),
            ("https://registry.example/\r\nHost: other", "not a URL"),
            ("https://evil.example\\@registry.example/", "not a URL"),
            ("https://régistre.example/", "not a URL"),
            ("https://user:pass@registry.example/", "a user name or password in the URL"),
            ("https://@registry.example/", "a user name or password in the URL"),
            ("http://registry.example/", "not an HTTPS address"),
            ("file://registry.example/etc/passwd", "not an HTTPS address"),
            ("ftp://registry.example/jwks", "not an HTTPS address"),
        ):
            with self.subTest(url), self.assertRaises(jwks_fetch.KeyFetchError) as caught:
                jwks_fetch.check_url(url)
            self.assertEqual(str(caught.exception), reason)

    def test_accepted(self):
        jwks_fetch.check_url("https://registry.example:8443/.well-known/jwks.json?a=1")
        jwks_fetch.check_url("http://registry.example/", allow_insecure=True)

    def test_laboratory_means_http_alone(self):
        with self.assertRaises(jwks_fetch.KeyFetchError):
            jwks_fetch.check_url("file://registry.example/", allow_insecure=True)


class TestFetch(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(KeyServer()) if hasattr(self, "enterContext") else None
        if self.server is None:  # Python 3.10
            self.server = KeyServer().__enter__()
            self.addCleanup(self.server.__exit__)
        self.key = ed25519_key()
        self.server.publish(jwk(self.key, "one"))

    def fetch(self, url=None, timeout=5, allow_insecure=True):
        return jwks_fetch.fetch_jwks(
            url or self.server.url(), timeout=timeout, allow_insecure=allow_insecure
        )

    def assert_fails(self, reason, **arguments):
        with self.assertRaises(jwks_fetch.KeyFetchError) as caught:
            self.fetch(**arguments)
        self.assertEqual(str(caught.exception), reason)
        # A chained exception would show addresses and URLs in a traceback.
        self.assertTrue(caught.exception.__suppress_context__ or not caught.exception.__context__)

    # === WHAT IS TAKEN === #

    def test_signing_keys_each_once(self):
        other = rsa_key()
        self.server.publish(
            jwk(self.key, "one"),
            jwk(ed25519_key(), "secret", use="enc"),
            jwk(self.key, "one"),
            {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
            jwk(other, "two", alg="RS256"),
            jwk(rsa_key(1024), "small"),
            "nonsense",
        )
        keys = self.fetch()
        self.assertEqual(
            [(key.kid, key.algorithm) for key in keys], [("one", "ed25519"), ("two", "rs256")]
        )

    def test_at_most_twenty_keys(self):
        self.server.publish(*(jwk(self.key, f"k{number}") for number in range(30)))
        self.assertEqual(len(self.fetch()), 20)

    def test_no_usable_key(self):
        for keys in ((), (jwk(self.key, use="enc"),), ({"kty": "oct", "k": "AA"},)):
            self.server.publish(*keys)
            self.assert_fails("no signing key in the document")

    def test_other_documents(self):
        for body in (b"", b"<html>", b"[]", b'{"keys": {}}', b"\xff", b"[" * 100_000, b"null"):
            self.server.serve(body)
            self.assert_fails("not a JWKS document")

    # === STATUS, SIZE, TIME === #

    def test_status_is_all_that_is_said(self):
        self.server.serve(b"secret of the server", status=404)
        self.assert_fails("HTTP 404")

    def test_size_limit(self):
        document = json.dumps({"keys": [jwk(self.key)]}).encode()
        self.server.serve(document.ljust(jwks_fetch.MAX_BYTES))
        self.assertEqual(len(self.fetch()), 1)
        self.server.serve(document.ljust(jwks_fetch.MAX_BYTES + 1))
        self.assert_fails("answer too large")

    def test_endless_body_is_not_read_to_its_end(self):
        sent = []

        def endless(handler):
            handler.send_response(200)
            handler.end_headers()
            while len(sent) < 1000:
                handler.wfile.write(b" " * 65536)
                sent.append(65536)

        self.server.answers["/endless"] = endless
        self.assert_fails("answer too large", url=self.server.url("/endless"))
        self.assertLess(len(sent), 1000)

    def test_compressed_answer_is_refused_unread(self):
        bomb = gzip.compress(b" " * 50_000_000)
        self.server.serve(bomb, Content_Encoding="gzip")
        self.assert_fails("compressed answer")
        self.assertEqual(self.server.requests[-1][1]["Accept-Encoding"], "identity")

    def _drip(self, before):
        def answer(handler):
            handler.wfile.write(before)
            for _second in range(100):
                handler.wfile.write(b"x")
                time.sleep(0.05)

        return answer

    def test_time_limit_holds_however_slowly_it_comes(self):
        for before in (b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\n\r\n"):
            self.server.answers["/drip"] = self._drip(before)
            start = time.monotonic()
            self.assert_fails("timeout", url=self.server.url("/drip"), timeout=0.5)
            self.assertLess(time.monotonic() - start, 1.5)

    def test_time_limit_of_the_resolver(self):
        def slow(*_args, **_kwargs):
            time.sleep(1)
            return []

        start = time.monotonic()
        with patch.object(jwks_fetch.socket, "getaddrinfo", slow):
            self.assert_fails("timeout", url="http://registry.test/", timeout=0.2)
        self.assertLess(time.monotonic() - start, 0.9)

    def test_nobody_there(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/"
            self.assert_fails("no connection", url=url)

    def test_no_http(self):
        self.server.answers["/raw"] = lambda handler: handler.wfile.write(b"SSH-2.0\r\n\r\n")
        self.assert_fails("no valid HTTP answer", url=self.server.url("/raw"))

    # === WHERE TO === #

    def test_loopback_only_in_laboratories(self):
        url = self.server.url(scheme="https")
        self.assert_fails("address not allowed", url=url, allow_insecure=False)
        self.assertFalse(self.server.requests)

    def test_one_bad_address_among_good_ones(self):
        with resolver(["127.0.0.1", "169.254.169.254"]):
            self.assert_fails("address not allowed", url=self.server.url(host="registry.test"))
        self.assertFalse(self.server.requests)

    def test_unusual_spellings_of_loopback(self):
        for host in ("2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"):
            url = f"https://{host}:{self.server.port}/"
            self.assert_fails("address not allowed", url=url, allow_insecure=False)

    def test_name_that_changes_its_address(self):
        """The second answer of the resolver is never asked for (DNS rebinding)."""
        with resolver(["127.0.0.1"], ["169.254.169.254"]):
            self.assertEqual(len(self.fetch(self.server.url(host="registry.test"))), 1)
        host = self.server.requests[-1][1]["Host"]
        self.assertEqual(host, f"registry.test:{self.server.port}")

    def test_next_address_when_the_first_is_dead(self):
        with resolver(["127.0.0.2", "127.0.0.1"]):
            self.assertEqual(len(self.fetch(self.server.url(host="registry.test"))), 1)

    def test_unknown_host(self):
        with patch.object(jwks_fetch.socket, "getaddrinfo", side_effect=socket.gaierror):
            self.assert_fails("unknown host", url="http://registry.test/")

    def test_redirects(self):
        for place, target in (("/a", "/b"), ("/b", "/.well-known/jwks.json"), ("/0", "/a")):
            self.server.serve(b"", status=302, path=place, Location=target)
        self.assertEqual(len(self.fetch(self.server.url("/a"))), 1)
        self.assert_fails("too many redirects", url=self.server.url("/0"))

    def test_redirect_to_another_host(self):
        self.server.serve(b"", status=307, Location=self.server.url("/b", host="localhost"))
        self.assert_fails("redirected to another host")
        self.server.serve(b"", status=307, Location="file:///etc/passwd")
        self.assert_fails("not a URL")
        self.server.serve(b"", status=307, Location="//user:pass@127.0.0.1/")
        self.assert_fails("a user name or password in the URL")

    def test_environment_is_not_used(self):
        with KeyServer() as proxy, tempfile.TemporaryDirectory() as folder:
            netrc = Path(folder, "netrc")
            netrc.write_text("default login operator password secret\n")
            proxied = {name: proxy.url("") for name in ("http_proxy", "all_proxy", "HTTP_PROXY")}
            with patch.dict(os.environ, {**proxied, "NETRC": str(netrc), "no_proxy": ""}):
                self.assertEqual(len(self.fetch()), 1)
            self.assertFalse(proxy.requests)
        self.assertNotIn("Authorization", self.server.requests[-1][1])

    def test_password_in_url_is_not_repeated(self):
        with self.assertRaises(jwks_fetch.KeyFetchError) as caught:
            self.fetch("http://user:geheim@127.0.0.1/")
        self.assertNotIn("geheim", str(caught.exception))


class TestTLS(unittest.TestCase):
    """The connection goes to the checked address, the certificate is that of the name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        private_key = rsa_key()
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "registry.test")])
        now = datetime.now(timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private_key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("registry.test")]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(private_key, SHA256())
        )
        cls.authority = cls.folder / "authority.pem"
        cls.authority.write_bytes(certificate.public_bytes(Encoding.PEM))
        context = tls_context(certificate, private_key, cls.folder)
        cls.names = []
        context.sni_callback = lambda sock, name, context: cls.names.append(name)
        cls.server = KeyServer(context)
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.publish(jwk(ed25519_key(), "one"))

    def fetch(self, host="registry.test", authority=None):
        environment = {"REQUESTS_CA_BUNDLE": str(authority or self.authority)}
        with resolver(["127.0.0.1"]), patch.dict(os.environ, environment):
            return jwks_fetch.fetch_jwks(
                self.server.url(host=host, scheme="https"), timeout=5, allow_insecure=True
            )

    def test_certificate_of_the_name(self):
        self.assertEqual(len(self.fetch()), 1)
        self.assertEqual(self.names[-1], "registry.test")

    def test_certificate_of_another_name(self):
        with self.assertRaises(jwks_fetch.KeyFetchError) as caught:
            self.fetch(host="other.test")
        self.assertEqual(str(caught.exception), "TLS certificate or handshake failed")

    def test_unknown_authority(self):
        with self.assertRaises(jwks_fetch.KeyFetchError) as caught:
            self.fetch(authority=ssl.get_default_verify_paths().cafile or "")
        self.assertEqual(str(caught.exception), "TLS certificate or handshake failed")

    def test_never_back_to_plain_http(self):
        self.server.serve(
            b"", status=301, path="/down", Location=self.server.url(host="registry.test")
        )
        environment = {"REQUESTS_CA_BUNDLE": str(self.authority)}
        with (
            resolver(["127.0.0.1"]),
            patch.dict(os.environ, environment),
            self.assertRaises(jwks_fetch.KeyFetchError) as caught,
        ):
            jwks_fetch.fetch_jwks(
                self.server.url("/down", host="registry.test", scheme="https"),
                timeout=5,
                allow_insecure=True,
            )
        self.assertEqual(str(caught.exception), "redirected to plain HTTP")
