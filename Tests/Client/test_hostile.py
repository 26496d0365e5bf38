"""Nothing that comes from outside is trusted: filters, streams, answers of the API."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress

import pytest

from checks import check_with_tools
from client import Client
from foundation import Foundation, request
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


@pytest.mark.xdist_group("spied on")
@pytest.mark.parametrize("filter", FILTERS)
def test_filter_reaches_the_agent_as_it_was_written(spied_on, folder, filter):
    instance = spied_on.instances[0]
    touched = instance.container.home / "touched"
    text = filter.format(file=touched)
    arguments = instance.agent.parents[1] / "arguments"
    arguments.unlink(missing_ok=True)
    with Client(spied_on, folder, "demo", f"--filter={text}", "--no-follow", "--duration", "1s") as running:
        wait_until(arguments.exists, 10, "the agent has started")
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


LIES = {
    "FAILED alone": "send(b'FAILED\\n')",
    "nothing": "",
    "a login banner": "send(b'Welcome to web/0!\\nLast login: today\\n'); wait()",
    "a banner before the capture": "send(b'Welcome!\\n' + header() + record(b'x' * 60)); wait()",
    "half a header": "send(header()[:11])",
    "another magic": "send(struct.pack('>IHHiIII', 0xdeadbeef, 2, 4, 0, 0, 65535, 1)); wait()",
    "a record of 4 GB": "send(header() + struct.pack('=IIII', now(), 0, 0xffffffff, 0xffffffff) + bytes(1000)); wait()",
    "more kept than there was": "send(header() + struct.pack('=IIII', now(), 0, 100, 60) + bytes(100)); wait()",
    "FAILED behind the capture": "send(header() + record(b'x' * 60) + b'FAILED\\n')",
    "killed behind the capture": "send(header() + record(b'x' * 60) + b'Process terminated by signal: KILL. Exited with 137\\n'); sys.exit(137)",
    "half a record": "send(header() + record(b'x' * 60) + record(b'y' * 60)[:-7])",
    "a second header": "send(header() + record(b'x' * 60) + header() + record(b'y' * 60)); wait()",
    "a gigabyte without a newline": "for _ in range(1024): send(b'x' * (1 << 20))",
    "a gigabyte of log without a newline": "send(header()); [log(b'x' * (1 << 20)) for _ in range(1024)]; wait()",
    "log lines that are none": "send(header()); log(bytes(range(256)) * 10 + b'\\n' + b'level=ERROR msg=\"\\n' * 10 + b'=\\n'); wait()",
    "terminal escapes in the log": "send(header()); log(b'level=ERROR msg=\"\\x1b[2J\\x1b]0;mine\\x07\"\\n'); wait()",
    "terminal escapes before the header": "send(b'\\x1b[2J\\x1b]0;mine\\x07 gone\\n')",
    "counts beyond 64 bits": "send(header()); log(b'time=x level=INFO msg=\"stopped capture\" packets=99999999999999999999 dropped=-1\\n'); wait()",
    "time at its end": "send(header() + struct.pack('=IIII', 0xffffffff, 999999, 60, 60) + b'x' * 60); wait()",
    "microseconds past a second": "send(header() + struct.pack('=IIII', now(), 0xffffffff, 60, 60) + b'x' * 60); wait()",
    "snaplen 0": "send(header(snaplen=0) + record(b'x' * 60)); wait()",
    "big-endian": "send(struct.pack('>IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + struct.pack('>IIII', now(), 0, 60, 60) + b'x' * 60); wait()",
    "nanoseconds": "send(struct.pack('=IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1) + struct.pack('=IIII', now(), 999999999, 60, 60) + b'x' * 60); wait()",
    "pcapng": "send(bytes.fromhex('0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000')); wait()",
    "an end that never comes": "signal.signal(15, signal.SIG_IGN); send(header()); time.sleep(60)",
}
CAPTURED = {
    "a banner before the capture": 1, "a record of 4 GB": 0, "more kept than there was": 0, "FAILED behind the capture": 1,
    "killed behind the capture": 1, "half a record": 1, "time at its end": 1, "big-endian": 1, "nanoseconds": 1,
}
"""How many packets are in the file of some of them."""

FAULTLESS = ("a banner before the capture", "time at its end", "big-endian", "nanoseconds", "log lines that are none",
             "counts beyond 64 bits", "snaplen 0")
MAY_BE_TOLD = ("terminal escapes in the log", "a gigabyte of log without a newline", "microseconds past a second")


@pytest.fixture(scope="module")
def lied_to(tmp_path_factory, liars):
    """A capture of an honest instance, web/0, among all that lie, and how many requests the honest one answered."""
    folder = tmp_path_factory.mktemp("lied-to")
    with Foundation() as foundation:
        process = foundation.push("demo", web=1).processes[0]
        foundation.pretend(process, *(liars(source) for source in LIES.values()))
        honest = process.instances[0]
        with Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng") as running:
            running.wait_until(honest.live_agents, 20, "an agent")
            answered, = request([honest], 300)
            assert running.memory_kilobytes() < MEMORY_KILOBYTES
            yield running.stop(timeout=60), answered


@pytest.mark.xdist_group("lied to")
def test_honest_instance_loses_nothing_among_those_that_lie(lied_to):
    result, answered = lied_to
    assert result.status == 1
    assert sum(b"GET /" in packet.data for packet in result.pcapng("x.pcapng").of("web/0 eth0")) == answered
    check_with_tools(result.folder / "x.pcapng", ordered=False)


@pytest.mark.xdist_group("lied to")
def test_no_terminal_is_written_to_in_their_name(lied_to):
    result, _ = lied_to
    assert not set(result.stderr.encode()) & set(range(32)) - {10}, result.stderr
    assert len(result.stderr) < 50_000


@pytest.mark.xdist_group("lied to")
@pytest.mark.parametrize("lie", LIES)
def test_stream_that_lies(lied_to, lie):
    result, _ = lied_to
    name = f"web/{list(LIES).index(lie) + 1}"
    told = [line for line in result.lines if line.startswith(f"{name}: error")]
    assert len(told) <= 1, told
    if lie not in MAY_BE_TOLD:
        assert bool(told) == (lie not in FAULTLESS), told
    if lie in CAPTURED:
        assert len(result.pcapng("x.pcapng").of(f"{name} eth0")) == CAPTURED[lie]


@pytest.mark.parametrize("seed", range(4))
def test_streams_with_random_faults(foundation, demo, folder, liars, seed):
    source = f"""
random.seed({seed})
data = bytearray(header() + b''.join(record(bytes(random.randrange(20, 2000))) for _ in range(2000)))
for _ in range(random.randrange(1, 20)):
    position = random.randrange(len(data))
    data[position:position + random.randrange(5)] = random.randbytes(random.randrange(5))
position = 0
while position < len(data):
    step = random.choice((1, 7, 100, 70000))
    send(bytes(data[position:position + step]))
    position += step
"""
    for instance in demo.processes[0].instances[:2]:
        instance.ssh_answer = liars(source)
    instance = demo.processes[0].instances[2]
    with Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng") as running:
        running.wait_until(instance.live_agents, 20, "an agent")
        answered, = request([instance], 100)
        result = running.stop()
    assert result.status in (0, 1)
    capture = result.pcapng("x.pcapng")
    assert sum(b"GET /" in packet.data for packet in capture.of("web/2 eth0")) == answered


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


@pytest.mark.xdist_group("without sessions")
@pytest.mark.parametrize("which", ["processes", "stats", "ssh_enabled"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_of_the_api_that_are_none(without_sessions, folder, answer, which):
    application = without_sessions.applications[0]
    process = application.processes[0]
    path = f"/v3/processes/{process.guid}/stats" if which == "stats" else f"/v3/apps/{application.guid}/{which}"
    without_sessions.changed = {path: ANSWERS[answer]}
    with Client(without_sessions, folder, "demo", "--no-follow") as running:
        with suppress(subprocess.TimeoutExpired):
            running.process.wait(3)
        assert running.memory_kilobytes() < MEMORY_KILOBYTES if running.running else True
        result = running.stop() if running.running else running.wait()
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
