"""What `./dev demo` talks through: Odoo's external API, and JSON over HTTP in general."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from .console import Problem

TIMEOUT_SECONDS = 60
#: No proxy stands between this machine and itself.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def exchange(url: str, body: object = None, headers: dict[str, str] | None = None) -> Any:
    """Send a JSON value (by GET when there is none) and return the decoded answer.

    :raise Problem: when the server refuses or does not answer; nothing of the body is quoted
    """
    request = urllib.request.Request(  # noqa: S310 -- our own http URLs
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    try:
        with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Problem(f"{url} answered {error.code}: {_explanation(error)}") from None
    except (OSError, ValueError) as error:
        raise Problem(f"{url} does not answer: {error}.") from None


def _explanation(error: urllib.error.HTTPError) -> str:
    try:
        answer = json.load(error)
    except ValueError:
        return error.reason
    return str(answer.get("message") or answer) if isinstance(answer, dict) else str(answer)


class ExternalApi:
    """Odoo's JSON-2 API.

    :param url: of the server
    :param key: an API key
    """

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._headers = {"Authorization": f"bearer {key}"}

    def call(self, model: str, method: str, ids: list[int] | None = None, **arguments: Any) -> Any:
        """Call a public method.

        :param ids: the records it is called on, none for a method of the model
        """
        body = {**({"ids": ids} if ids is not None else {}), **arguments}
        return exchange(f"{self.url}/json/2/{model}/{method}", body, self._headers)

    def find(self, model: str, domain: list) -> list[int]:
        """Return ids, archived records included."""
        return self.call(model, "search", domain=domain, context={"active_test": False})

    def read(self, model: str, domain: list, fields: list[str]) -> list[dict]:
        """Return records as dicts, archived ones included."""
        return self.call(
            model, "search_read", domain=domain, fields=fields, context={"active_test": False}
        )

    def put(self, model: str, domain: list, values: dict) -> int:
        """Write the values to the one record of a domain, which is created when there is none."""
        found = self.find(model, domain)
        if found:
            self.call(model, "write", found[:1], vals=values)
            return found[0]
        return self.call(model, "create", vals_list=[values])[0]
