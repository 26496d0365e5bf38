"""Nothing that comes from outside is trusted: filters, streams, answers of the API."""

from __future__ import annotations

import itertools
import json
import subprocess
from contextlib import suppress

import pytest

from client import Client
from foundation import Foundation
from sessions.container import wait_until

MEMORY_KILOBYTES = 100_000

FILTERS = [
    "port 80 or (port 81)", "port 80'", 'port "80"', "$(touch {file})", "`touch {file}`", "port 80; touch {file}",
    "port 80\ntouch {file}\n", "port 80 && touch {file} || true", "' ; touch {file} ; '", "\\'; touch {file}; \\'", "--help",
    "-v", "ether host é", "port 80 \x01\x7f", "!port 80", "~", "*", "%s%n",
]


@pytest.fixture(scope="module")
def spied_on():
    """A foundation whose agent leaves its arguments in /tmp/arguments."""
    with Foundation() as foundation:
        agent = foundation.push("demo", web=1).processes[0].instances[0].agent
        agent.rename(agent.with_name("real"))
        agent.write_text(SPY)
        agent.chmod(0o755)
        yield foundation


SPY = """#!/bin/bash
case $1 in -version) exec /tmp/lifecycle/real -version ;; esac
printf '%s\\0' "$@" > /tmp/arguments.new
mv /tmp/arguments.new /tmp/arguments
exec /tmp/lifecycle/real "$@"
"""


@pytest.mark.parametrize("filter", FILTERS)
def test_filter_reaches_the_agent_as_it_was_written(spied_on, folder, filter):
    instance = spied_on.instances[0]
    touched = instance.container.home / "touched"
    text = filter.format(file=touched)
    arguments = instance.agent.parents[1] / "arguments"
    arguments.unlink(missing_ok=True)
    with Client(spied_on, folder, "demo", f"--filter={text}", "--no-follow", "--duration", "1s") as running:
        wait_until(arguments.exists, 60, "the agent has started")
        words = arguments.read_bytes().decode().split("\0")[:-1]
        running.kill()
    assert words[words.index("-filter") + 1] == text
    assert not touched.exists()


@pytest.mark.parametrize("name", ["$(touch {file})", "x; touch {file}", "--guid", "-", "a'b", "é", "a\nb", "../../v3/info"])
def test_name_of_an_app_is_a_name(foundation, demo, folder, name):
    text = name.format(file=folder / "touched")
    with Client(foundation, folder, "--", text) as running:
        result = running.wait()
    assert result.status != 0
    assert list(folder.iterdir()) == []


ANSWERS = {
    "nothing": b"", "no JSON": b"<html>502 Bad Gateway</html>", "cut": b'{"resources": [{"type": "web"', "a number": b"7",
    "null": b"null", "empty": b"{}", "no list": b'{"resources": {}}', "nulls": b'{"resources": [null, {"type": null}]}',
    "wrong types": b'{"resources": [{"type": 7, "index": "x", "state": [], "guid": {}, "instances": -1}]}',
    "huge numbers": b'{"resources": [{"type": "web", "guid": "x", "index": 1e300, "instances": 99999999999999999999, "state": "RUNNING"}]}',
    "many": json.dumps({"resources": [{"type": "web", "guid": "x", "index": index, "instances": 5000, "state": "RUNNING"}
                                      for index in range(5000)]}).encode(),
    "deep": b"[" * 100_000, "not UTF-8": b'{"resources": [{"type": "\xff\xfe", "guid": "\xff"}]}',
    "an error": b'{"errors": [{"code": 10003, "title": "CF-NotAuthorized", "detail": "You are not authorized to perform the requested action"}]}',
    "an odd error": b'{"errors": "many"}',
    "a page without end": b'{"pagination": {"next": {"href": "https://api.example.org/v3/apps?page=1"}}, "resources": []}',
}


@pytest.fixture(scope="module")
def without_sessions():
    with Foundation() as foundation:
        process = foundation.push("demo", web=0).processes[0]
        foundation.pretend(process, {"error": "SSH session allocation failed: ssh: rejected"})
        yield foundation


# Each answer to one of the questions in turn: unit tests have each question with answers that make no sense.
@pytest.mark.parametrize("answer, which", list(zip(ANSWERS, itertools.cycle(["processes", "stats", "ssh_enabled"]))))
def test_answers_of_the_api_that_are_none(without_sessions, folder, answer, which):
    application = without_sessions.applications[0]
    process = application.processes[0]
    path = f"/v3/processes/{process.guid}/stats" if which == "stats" else f"/v3/apps/{application.guid}/{which}"
    without_sessions.changed = {path: ANSWERS[answer]}
    with Client(without_sessions, folder, "demo", "--no-follow") as running:
        result = running.wait(40)
    assert result.status == 1, result.stderr
    assert result.stderr.strip()
    assert not set(result.stderr.encode()) & set(range(32)) - {10}


def test_guid_that_is_no_guid(foundation, solo, folder):
    solo.guid = "../../v3/apps?x=$(touch touched)"
    with Client(foundation, folder, "solo") as running:
        assert running.wait().status == 1
    assert list(folder.iterdir()) == []


def test_cf_trace_does_not_get_among_the_packets(foundation, solo, folder):
    instances = solo.processes[0].instances
    with Client(foundation, folder, "solo", environment={"CF_TRACE": "true"}) as running:
        running.wait_until_capturing(*instances)
        result = running.stop()
    assert result.status == 0, result.stderr
    result.pcap()
