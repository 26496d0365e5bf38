"""Nothing that comes from outside is trusted: filters, streams, answers of the API."""

from __future__ import annotations

import json
import time

import pytest

from checks import check_with_tools
from client import Client
from foundation import HTTPLoad

MEMORY_KILOBYTES = 100_000

FILTERS = [
    "port 80 or (port 81)", "port 80'", 'port "80"', "$(touch {file})", "`touch {file}`", "port 80; touch {file}",
    "port 80\ntouch {file}\n", "port 80 && touch {file} || true", "' ; touch {file} ; '", "\\'; touch {file}; \\'", "--help",
    "-v", "ether host é", "port 80 \x01\x7f", "!port 80", "~", "*", "%s%n",
]


@pytest.mark.parametrize("filter", FILTERS)
def test_filter_reaches_the_agent_as_it_was_written(foundation, demo, folder, filter):
    """The agent logs the flags that it was given; here it is told apart from a shell that has read them."""
    instance = demo.processes[0].instances[0]
    touched = instance.container.home / "touched"
    text = filter.format(file=touched)
    spy = instance.agent.parent / "arguments"
    real = instance.agent.rename(instance.agent.with_name("real"))
    instance.agent.write_text(
        f"#!/bin/bash\nprintf '%s\\0' \"$@\" > /tmp/arguments\nexec /tmp/lifecycle/{real.name} \"$@\"\n")
    instance.agent.chmod(0o755)
    with Client(foundation, folder, "demo", "-i", "0", f"--filter={text}", "--no-follow") as running:
        arguments = instance.agent.parents[1] / "arguments"
        running.wait_until(lambda: arguments.exists() and arguments.stat().st_size > 0, 10, "the agent has started")
        time.sleep(0.2)
        words = arguments.read_bytes().decode().split("\0")[:-1]
        if running.running:
            running.stop()
    assert words[words.index("-filter") + 1] == text
    assert not touched.exists() and not spy.exists()


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
WITHOUT_COMPLAINT = ("a banner before the capture", "big-endian", "nanoseconds", "time at its end", "snaplen 0", "log lines that are none",
                     "microseconds past a second", "counts beyond 64 bits")


@pytest.mark.parametrize("lie", LIES)
def test_stream_that_lies(foundation, demo, folder, liar, lie):
    """The others lose nothing, the file is whole, what is wrong is said, and no terminal is written to in their name."""
    instances = demo.processes[0].instances
    instances[1].ssh_answer = liar(LIES[lie])
    with Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng") as running:
        running.wait_until(lambda: instances[0].live_agents() and instances[2].live_agents(), 20, "two agents")
        if lie not in WITHOUT_COMPLAINT and lie != "an end that never comes":
            running.wait_for_message("web/1", timeout=30)
        with HTTPLoad(instances[0], 100) as load:
            time.sleep(1)
        assert running.memory_kilobytes() < MEMORY_KILOBYTES
        result = running.stop()
    assert result.status in (0, 1)
    assert not set(result.stderr.encode()) & set(range(32)) - {10}, result.stderr
    assert len(result.stderr) < 20_000
    capture = result.pcapng("x.pcapng")
    requests = sum(b"GET /" in packet.data for packet in capture.of("web/0 eth0"))
    assert requests == load.answered
    check_with_tools_but_for_order(folder / "x.pcapng")


def check_with_tools_but_for_order(file) -> None:
    try:
        check_with_tools(file)
    except AssertionError as error:
        assert "time order" in str(error), error


@pytest.mark.parametrize("seed", range(4))
def test_streams_with_random_faults(foundation, demo, folder, liar, seed):
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
        instance.ssh_answer = liar(source)
    instance = demo.processes[0].instances[2]
    with Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng") as running:
        running.wait_until(instance.live_agents, 20, "an agent")
        with HTTPLoad(instance, 100) as load:
            time.sleep(1)
        result = running.stop()
    assert result.status in (0, 1)
    capture = result.pcapng("x.pcapng")
    assert sum(b"GET /" in packet.data for packet in capture.of("web/2 eth0")) == load.answered


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


@pytest.mark.parametrize("which", ["processes", "stats", "ssh_enabled"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_of_the_api_that_are_none(foundation, demo, folder, answer, which):
    process = demo.processes[0]
    path = f"/v3/processes/{process.guid}/stats" if which == "stats" else f"/v3/apps/{demo.guid}/{which}"
    foundation.changed[path] = ANSWERS[answer]
    for instance in process.instances:
        instance.ssh_answer = {"error": "SSH session allocation failed: EOF"}
    with Client(foundation, folder, "demo", "--no-follow", "--duration", "1s") as running:
        result = running.wait(40)
    assert result.status == 1, result.stderr
    assert result.stderr.strip()
    assert not set(result.stderr.encode()) & set(range(32)) - {10}


def test_guid_that_is_no_guid(foundation, demo, folder):
    demo.guid = "../../v3/apps?x=$(touch touched)"
    with Client(foundation, folder, "demo") as running:
        assert running.wait().status == 1
    assert list(folder.iterdir()) == []


def test_cf_trace_does_not_get_among_the_packets(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", environment={"CF_TRACE": "true"}) as running:
        running.wait_until_capturing(*instances)
        result = running.stop()
    assert result.status == 0, result.stderr
    result.pcap()
