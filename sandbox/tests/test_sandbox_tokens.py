"""Tokens: who gets one, and that nothing is answered without."""

import base64
import time

import pytest
import requests

GRANT = {
    "grant_type": "client_credentials",
    "client_id": "spp",
    "client_secret": "spp-secret",
}
URLS = [
    "/registry/sync/search",
    "/registry/search",
    "/registry/subscribe",
    "/registry/unsubscribe",
    "/registry/sync/txn/status",
    "/registry/txn/status",
    "/opencrvs/registry/sync/search",
    "/opencrvs/registry/search",
]


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/client/token"])
def test_credentials_in_the_body(sandbox, path):
    answer = requests.post(sandbox.url + path, data=GRANT, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert requests.post(sandbox.url + path, params=GRANT, timeout=5).status_code == 400


def test_credentials_by_http_basic(sandbox):
    pair = base64.b64encode(b"spp:spp-secret").decode()
    url = f"{sandbox.url}/oauth2/token"
    form = {"grant_type": "client_credentials"}
    right = requests.post(url, form, headers={"Authorization": f"Basic {pair}"}, timeout=5)
    wrong = requests.post(url, form, headers={"Authorization": "Basic c3BwOng="}, timeout=5)
    assert (right.status_code, wrong.status_code) == (200, 401)


def test_opencrvs_takes_credentials_in_the_query(sandbox):
    url = f"{sandbox.opencrvs_url}/oauth2/client/token"
    assert requests.post(url, params=GRANT, timeout=5).status_code == 200
    assert requests.post(url, data=GRANT, timeout=5).status_code == 400


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"client_id": None, "client_secret": None}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
    ],
)
def test_refused_credentials(sandbox, change, status, error):
    answer = requests.post(f"{sandbox.url}/oauth2/token", data=GRANT | change, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("path", URLS)
@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic c3BwOng="])
def test_no_answer_without_token(sandbox, path, header):
    headers = {"Authorization": header} if header else {}
    answer = requests.post(sandbox.url + path, json={}, headers=headers, timeout=5)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "err.request.unauthorized"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_expires(sandbox, client):
    lifetime = {"lifetime": 1}
    try:
        assert sandbox.admin("tokens", lifetime) == lifetime
        client.token = sandbox.token()
        assert client.search({}).status_code == 200
        time.sleep(1.05)
        assert client.search({}).status_code == 401
    finally:
        sandbox.admin("tokens", {"lifetime": 3600})


def test_all_tokens_expire_on_order(sandbox, client):
    assert client.search({}).status_code == 200
    sandbox.admin("tokens", {"expire": True})
    assert client.search({}).status_code == 401
