"""The program: its options, its end, its memory, and generated populations."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Client

from sandbox import generate
from sandbox.population import Population
from sandbox.testing import ROOT, SandboxError, SandboxProcess


def by(kind, value):
    return {"query_type": "idtype-value", "query": {"type": kind, "value": value}}


def test_it_says_where_it_is_and_ends_when_told():
    for number in (signal.SIGTERM, signal.SIGINT):
        command = [
            sys.executable,
            "-m",
            "sandbox",
            "--port",
            "0",
            "--base-url",
            "http://crvs.test/",
        ]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "Sandbox registry ready at http://crvs.test\n"
            process.send_signal(number)
            assert process.wait(5) == 0
            assert process.stdout.read() == ""


def test_it_listens_on_loopback_alone(running):
    port = int(running.url.rpartition(":")[2])
    listening = []
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            _slot, local, _remote, state = line.split()[:4]
            if state == "0A" and local.endswith(f":{port:04X}"):
                listening.append(local)
    assert listening == [f"0100007F:{port:04X}"]


def test_a_taken_port_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SandboxError):
        SandboxProcess(port=taken.getsockname()[1]).start()


def test_ids_and_credentials_are_options():
    options = {
        "sender_id": "crvs.example.org",
        "client_id": "me",
        "client_secret": "mine",
        "token_lifetime": 60,
        "require_signature": True,
    }
    with SandboxProcess(**options) as sandbox:
        client = Client(sandbox)
        (key,) = {
            item["kid"].split("|")[0] for item in client.get("/.well-known/jwks.json")["keys"]
        }
        assert key == "crvs.example.org"
        answer = client.search(by("UIN", "1"), receiver_id="")
        assert answer.json()["errors"][0]["code"] == "err.sender_id.invalid"


def test_keys_of_clients_are_options(tmp_path, running):
    pem = tmp_path / "key.pem"
    pem.write_text(running.admin("keys")["standard"][0]["public_key"])
    options = {
        "client_key": f"https://a.test/?x=1={pem}",
        "client_jwks": ["b=http://127.0.0.1:9/j"],
    }
    with SandboxProcess(**options) as sandbox:
        clients = sandbox.admin("clients", {})["clients"]
        assert clients["https://a.test/?x=1"]["public_key"] == pem.read_text()
        assert clients["b"]["jwks_url"] == "http://127.0.0.1:9/j"
        client = Client(sandbox)
        client.sender_id = "b"
        assert client.search(by("UIN", "1")).json()["errors"][0]["code"] == "err.signature.missing"


def test_state_survives_a_restart(tmp_path):
    state = tmp_path / "state.json"
    amina = by("UIN", "4018273645")
    with SandboxProcess(state=state) as sandbox:
        keys = sandbox.admin("keys")
        sandbox.admin("subscriptions", {"sender_id": "a", "sender_uri": "http://127.0.0.1:9/"})
        event = {"event_type": "death", "identifier": amina["query"], "date": "2026-11-20"}
        sandbox.admin("events", {**event, "push": False})
        sandbox.admin("persons", {"given_name": "Noor", "birth_date": "2026-01-01"})
        sandbox.admin("clients", {"sender_id": "c", "jwks_url": "http://127.0.0.1:9/"})
        subscriptions = sandbox.admin("subscriptions")
    assert state.stat().st_mode & 0o077 == 0
    with SandboxProcess(state=state) as sandbox:
        assert sandbox.admin("keys")["standard"] == keys["standard"]
        assert sandbox.admin("keys")["opencrvs"] != keys["opencrvs"]
        assert sandbox.admin("subscriptions") == subscriptions
        assert sandbox.admin("status")["people"] == 27
        assert set(sandbox.admin("clients", {})["clients"]) == {"c"}
        (record,) = Client(sandbox).records(amina)
        assert record["death_date"] == "2026-11-20"
        sandbox.admin("reset", {})
        assert Client(sandbox).records(amina)[0]["death_date"] == ""


def test_a_population_of_ones_own(tmp_path):
    people = {
        "persons": [
            {
                "id": "1",
                "given_name": "A",
                "family_name": "B",
                "sex": "",
                "birth_date": "2000-01-01",
            }
        ]
    }
    file = tmp_path / "people.json"
    file.write_text(json.dumps(people))
    with SandboxProcess(population=file) as sandbox:
        assert sandbox.admin("status")["people"] == 1


@pytest.mark.parametrize("content", ["", "[]", '{"persons": [{"hat": 1}]}', '{"persons": [1]}'])
def test_a_broken_population_is_an_error(tmp_path, content):
    file = tmp_path / "people.json"
    file.write_text(content)
    with pytest.raises(SandboxError):
        SandboxProcess(population=file).start()


def test_generated_people_are_the_same_at_every_run():
    one, two = list(generate.generate(500)), list(generate.generate(500))
    assert one == two
    other = list(generate.generate(500, seed=2))
    assert other != one
    assert [each.identifiers for each in other] == [each.identifiers for each in one]
    for number, person in enumerate(one):
        assert person.identifiers["UIN"] == generate.uin(number)
        assert person.identifiers["BRN"] == generate.brn(number)
        assert bool(person.death_date) == generate.is_dead(number)
        assert not person.death_date or person.death_date > person.birth_date
    assert sum(bool(person.death_date) for person in one) == 25


def test_a_big_population_is_made_and_searched_fast():
    start = time.perf_counter()
    population = Population(generate.generate(100_000))
    assert time.perf_counter() - start < 20
    start = time.perf_counter()
    for number in range(0, 100_000, 10):
        (person,) = population.find("UIN", generate.uin(number))
        assert bool(person.death_date) == generate.is_dead(number)
    assert time.perf_counter() - start < 2


def test_people_are_generated_on_demand():
    with SandboxProcess(generate=2000) as sandbox:
        client = Client(sandbox)
        items = client.items(*(by("UIN", generate.uin(number)) for number in range(100)))
        dead = []
        for item in items:
            (record,) = item["data"]["reg_records"]
            (date,) = (
                value for name, value in record.items() if re.fullmatch("death_?[dD]ate", name)
            )
            dead.append(bool(date))
        assert dead == [generate.is_dead(number) for number in range(100)]


def test_nothing_of_odoo_is_imported():
    code = "import sys, sandbox.app, sandbox.__main__; sys.exit('odoo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
