"""A container that is short of memory: compiling a long filter never costs the app its life."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Sink, find, installed, send_numbered, start_agent

CGROUPS = Path("/sys/fs/cgroup")
LONG_FILTER = " or ".join(f"host 10.{number // 250}.{number % 250}.1" for number in range(500))
APP = "import time; held = bytearray(60 << 20); held[::4096] = b'x' * len(held[::4096]); print(flush=True); time.sleep(60)"


@contextlib.contextmanager
def limited_memory(megabytes: int) -> Iterator[Path]:
    """A control group of that much memory, version 1 or 2; skipped where the machine has no controller for memory."""
    version2 = (CGROUPS / "cgroup.controllers").exists()
    parent = CGROUPS if version2 else CGROUPS / "memory"
    folder = parent / f"cf-pcap-test-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / ("memory.max" if version2 else "memory.limit_in_bytes")).write_text(str(megabytes << 20))
    except OSError as error:
        pytest.skip(f"this machine gives no control group of memory: {error}")
    try:
        yield folder
    finally:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                folder.rmdir()
                return
            time.sleep(0.05)


@pytest.mark.home("namespace")
def test_long_filter_when_memory_is_short_ends_its_compiler_and_not_the_app(namespace):
    with limited_memory(90) as group:
        # It joins before it takes memory: what a process has taken elsewhere is not charged to its new group.
        join = ("/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh")
        app = namespace.launch([*join, "/usr/bin/python3", "-c", APP], user=0)
        app.stdout.readline()
        joined = ("/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs; exec setpriv --reuid=2000 --regid=2000 --clear-groups --inh-caps=-all "$@"', "sh")
        agent = namespace.launch([*joined, installed(), "-interface", "lo", "-filter", LONG_FILTER], user=0)
        deadline = time.monotonic() + 60
        while agent.poll() is None and app.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        error = agent.stderr.read().decode() if agent.poll() is not None else ""
        assert app.poll() is None, "the app was killed"
        app.kill()
        app.wait()
        if agent.poll() is None:
            agent.kill()
            agent.wait()
    assert "the process that compiles it ended; if the container is short of memory" in error


def test_process_that_compiles_is_killed_first_when_memory_is_short(container, tmp_path):
    """While it waits for a host's name; the agent itself stays what it was."""
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\n")
    with Sink(container, port=53), start_agent(container, "-interface", "eth0", "-filter", "host slow.example",
                                               binds={"/etc/resolv.conf": resolv}, live=False) as agent:
        children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            child = children.read_text().strip()
            if child and Path(f"/proc/{child}/oom_score_adj").read_text() == "1000\n":
                break
            time.sleep(0.02)
        else:
            raise AssertionError("no process that compiles is the first victim")
        assert Path(f"/proc/{agent.pid}/oom_score_adj").read_text() != "1000\n"
        assert agent.stop().status == 0


def test_stack_of_64_kb_is_enough(namespace):
    """As `ulimit -s 64` gives it."""
    with Sink(namespace), start_agent(namespace, "-interface", "lo", "-filter", "udp", wrapper=["prlimit", "--stack=65536"]) as agent:
        assert agent.running, agent.stderr.decode()
        numbers = send_numbered(namespace, "127.0.0.1", 20)
        time.sleep(0.2)
        result = agent.stop()
    assert result.status == 0 and result.pcap.numbers == numbers
