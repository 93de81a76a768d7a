import os
import signal
import subprocess
import sys
import time

import pytest

from devtools import processes, testing
from devtools.files import read_json, write_json

STUBBORN = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def child():
    """A process that ignores SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN, "a marker"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_process_is_recalled_while_it_runs(child, tmp_path):
    record = tmp_path / "server.json"
    processes.remember(record, child.pid, port=8069)
    assert processes.recall(record)["port"] == 8069
    child.kill()
    child.wait()
    assert processes.recall(record) is None


def test_a_stranger_with_the_same_id_is_not_recalled(child, tmp_path):
    record = tmp_path / "server.json"
    processes.remember(record, child.pid)
    write_json(record, {**read_json(record), "token": "another boot:1"})
    assert processes.recall(record) is None


@pytest.mark.parametrize("content", [{}, {"pid": 1}, {"pid": "1", "token": "x"}])
def test_half_a_record_is_none(tmp_path, content):
    write_json(tmp_path / "server.json", content)
    assert processes.recall(tmp_path / "server.json") is None


def test_a_dead_child_not_yet_waited_for_is_gone():
    process = subprocess.Popen([sys.executable, "-c", ""])
    assert processes.wait_for(lambda: processes.start_token(process.pid) is None, 10)
    process.wait()


def test_processes_are_found_by_a_whole_argument(child):
    assert processes.find("a marker") == [child.pid]
    assert processes.find("a mark") == []


def test_who_ignores_a_request_is_killed(child):
    processes.stop([child.pid, 2**22 - 1], seconds=0.3)
    assert child.wait(timeout=5) == -signal.SIGKILL


def test_nobody_is_stopped_in_place_of_one_who_is_gone(monkeypatch):
    monkeypatch.setattr(processes, "start_token", lambda pid: None)
    processes.stop([os.getpid()], seconds=0.1)


def test_waiting_ends_in_time():
    start = time.monotonic()
    assert not processes.wait_for(lambda: False, 0.2, pause=0.05)
    assert time.monotonic() - start < 5


def test_a_log_begins_anew_and_the_last_one_stays(tmp_path):
    log = tmp_path / "odoo.log"
    for number in range(3):
        with processes.new_log(log) as stream:
            stream.write(f"run {number}".encode())
    assert processes.tail(log) == "run 2"
    assert processes.tail(tmp_path / "odoo.log.1") == "run 1"
    assert processes.tail(tmp_path / "none") == ""


def test_tests_that_do_not_end_when_interrupted_are_ended(monkeypatch):
    monkeypatch.setattr(testing, "TAKING_DOWN_S", 0.1)
    deaf = (
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        testing._interrupt([process])
        assert process.wait(10) == -signal.SIGKILL
