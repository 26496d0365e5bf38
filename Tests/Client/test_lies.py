"""Streams that are not what they should be: an error for that instance, and nothing else."""

from __future__ import annotations

import pytest

from checks import check_with_tools
from client import Client
from foundation import Foundation, request

MEMORY_KILOBYTES = 100_000

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
    "a banner before the capture": 1, "a record of 4 GB": 0, "more kept than there was": 1, "FAILED behind the capture": 1,
    "killed behind the capture": 1, "half a record": 1, "time at its end": 1, "big-endian": 1, "nanoseconds": 1,
}
"""How many packets are in the file of some of them."""

FAULTLESS = ("a banner before the capture", "time at its end", "big-endian", "nanoseconds", "log lines that are none",
             "counts beyond 64 bits", "snaplen 0", "more kept than there was")
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
            running.wait_until(honest.live_agents, 60, "an agent")
            answered, = request([honest], 300)
            assert running.memory_kilobytes() < MEMORY_KILOBYTES
            yield running.stop(timeout=60), answered


def test_honest_instance_loses_nothing_among_those_that_lie(lied_to):
    result, answered = lied_to
    assert result.status == 1
    assert sum(b"GET /" in packet.data for packet in result.pcapng("x.pcapng").of("web/0 eth0")) == answered
    check_with_tools(result.folder / "x.pcapng")


def test_no_terminal_is_written_to_in_their_name(lied_to):
    result, _ = lied_to
    assert not set(result.stderr.encode()) & set(range(32)) - {10}, result.stderr
    assert len(result.stderr) < 50_000


@pytest.mark.parametrize("lie", LIES)
def test_stream_that_lies(lied_to, lie):
    result, _ = lied_to
    name = f"web/{list(LIES).index(lie) + 1}"
    told = result.lines_on(name, "error")
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
        running.wait_until(instance.live_agents, 60, "an agent")
        answered, = request([instance], 100)
        result = running.stop()
    assert result.status in (0, 1)
    capture = result.pcapng("x.pcapng")
    assert sum(b"GET /" in packet.data for packet in capture.of("web/2 eth0")) == answered
