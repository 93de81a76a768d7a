"""Starting the sandbox registry from a test, as a process of its own, and talking to it.

::

    with SandboxProcess(generate=2000) as sandbox:
        sandbox.admin("faults", {"kind": "error", "share": 0.1})
"""

import subprocess
import sys
import threading
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60


class SandboxError(Exception):
    """The sandbox did not start, or refused an admin request."""


class SandboxProcess:
    """A running sandbox registry; a context manager.

    :param options: of ``python -m sandbox``, with underscores: ``population``, ``generate``,
        ``state``, ``base_url``, ``sender_id``, ``client_id``, ``client_secret``,
        ``token_lifetime``, ``require_signature=True``, ``client_jwks``, ``client_key`` (one text or
        a list). ``port`` is a free one unless given.
    """

    def __init__(self, **options):
        self._options = {"port": 0, **options}
        self._process = None
        self.client_id = options.get("client_id", "spp")
        self.client_secret = options.get("client_secret", "spp-secret")
        self.sender_id = options.get("sender_id", "crvs-sandbox")
        self.url = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()

    def start(self):
        """Start it and wait until it serves.

        :return: self, with :attr:`url` set.
        :raise SandboxError: it ended, or was not ready in a minute.
        """
        command = [sys.executable, "-m", "sandbox", *self._arguments()]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        watchdog = threading.Timer(START_SECONDS, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if " at http" not in line:
            self.stop()
            raise SandboxError("The sandbox registry did not start; see its messages above.")
        self.url = line.split(" at ", 1)[1].strip()
        return self

    def _arguments(self):
        for name, value in self._options.items():
            option = "--" + name.replace("_", "-")
            if value is True:
                yield option
            elif value is not None and value is not False:
                for item in value if isinstance(value, list | tuple) else [value]:
                    yield from (option, str(item))

    def stop(self):
        """Stop it; harmless when it does not run.

        :return: its exit status, or None.
        """
        if self._process is None:
            return None
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        status, self._process = self._process.returncode, None
        return status

    @property
    def pid(self):
        """:return: its process id, or None."""
        return self._process and self._process.pid

    @property
    def opencrvs_url(self):
        """:return: base URL, and sender id, of the OpenCRVS dialect."""
        return f"{self.url}/opencrvs"

    def admin(self, path, json=None, method=None, timeout=120):
        """Use an admin URL.

        :param path: under ``/admin/``.
        :param json: object to send; with one, the request is a POST.
        :param method: HTTP method, other than GET and POST.
        :param timeout: seconds; pushing waits for every delivery.
        :return: the decoded answer.
        :raise SandboxError: it was refused; the text says why.
        """
        method = method or ("GET" if json is None else "POST")
        answer = self._request(method, f"/admin/{path}", json=json, timeout=timeout)
        if answer.status_code != 200:
            raise SandboxError(f"{answer.status_code}: {answer.text[:500]}")
        return answer.json()

    def token(self):
        """:return: a new bearer token."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        answer = self._request("POST", "/oauth2/token", data=form, timeout=10)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def _request(self, method, path, **options):
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, **options)
