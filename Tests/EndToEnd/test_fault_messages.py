"""What the agent says when the machine fails it, word for word: for real or, where the kernel cannot be brought to it, by
tracing its start."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest

from harness import UID, Namespace, Pktgen, find, start_agent
from harness.faults import compiled, small_disk
from harness.log import LogLine
from harness.refusal import refusal

# What it says does not depend on the container.
pytestmark = pytest.mark.home("namespace")

LO = ("-interface", "lo")
DENIED = "Permission denied"
# Numbers of system calls (x86-64), and first arguments of those that have many uses.
RT_SIGPROCMASK, MADVISE, DUP, BIND, SETSOCKOPT, FCNTL, CAPGET, CAPSET = 14, 28, 32, 49, 54, 72, 125, 126
PRCTL, SIGNALFD4, PIPE2 = 157, 289, 293
ANY, PACKET_SOCKET, SET_DUMPABLE, SET_SECCOMP, SET_NO_NEW_PRIVS = -1, 6, 4, 22, 38


@pytest.mark.parametrize("call, first, nth, error", [
    (PRCTL, SET_DUMPABLE, 1, f"failed to shield the process from others: {DENIED}"),
    (CAPGET, ANY, 2, f"failed to read the process's capabilities: {DENIED}"),
    (CAPSET, ANY, 1, f"failed to make CAP_NET_RAW effective: {DENIED}"),
    (RT_SIGPROCMASK, ANY, 1, f"failed to collect signals: {DENIED}"),
    (SIGNALFD4, ANY, 1, f"failed to collect signals: {DENIED}"),
    (BIND, ANY, 1, f"failed to count the captures of this container: {DENIED}"),
    (DUP, ANY, 1, f"failed to forbid sending on the packet socket: {DENIED}"),
    (PRCTL, SET_SECCOMP, 1, f"failed to forbid sending on the packet socket: {DENIED}"),
    # Of the packet socket, which libpcap makes non-blocking: it reads the flags and sets them.
    (FCNTL, PACKET_SOCKET, 1, f"failed to open device lo: F_GETFL: {DENIED}"),
    (FCNTL, PACKET_SOCKET, 2, f"failed to open device lo: F_SETFL: {DENIED}"),
    (PRCTL, SET_NO_NEW_PRIVS, 2, f"failed to drop privileges: {DENIED}"),
    (PIPE2, ANY, 1, f"failed to compile the filter: {DENIED}"),
    # Four that libpcap makes, two of the question whether the kernel takes the filter, five for libpcap's own filter.
    (SETSOCKOPT, ANY, 5, f"failed to set the filter: {DENIED}"),
    (SETSOCKOPT, ANY, 12, f"failed to set the filter: {DENIED}"),
    (PRCTL, SET_SECCOMP, 2, f"failed to enter the sandbox: {DENIED}"),
])
def test_system_call_that_fails_at_the_start(namespace, call, first, nth, error):
    """Root traces, for a tracer without privileges costs the traced its capability."""
    fail_call = [compiled("fail_call.c"), 2, call, first, nth, errno.EACCES]
    user = ["/usr/bin/setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--inh-caps=-all"]
    assert refusal(namespace, user=0, wrapper=[*fail_call, *user]) == error


@pytest.mark.parametrize("mounts, error", [
    (["mount -t tmpfs none /proc"], "failed to close inherited descriptors: No such file or directory; is /proc mounted?"),
    (["mkdir -p /tmp/proc/self", "mount --bind /tmp/proc /proc"],
     "failed to close inherited descriptors: No such file or directory; is /proc mounted?"),
])
def test_root_without_proc(namespace, mounts, error):
    assert refusal(namespace, user=0, mounts=mounts) == error


def test_memory_map_that_cannot_be_read(namespace, tmp_path):
    """Without it the capture's ring would be in the process that compiles, too."""
    fail_call = [compiled("fail_call.c"), 1, MADVISE, ANY, 1, errno.EACCES]
    error = refusal(namespace, user=0, wrapper=fail_call)
    assert error == "failed to keep the capture from the process that compiles the filter: is /proc mounted?"


def test_compiling_process_that_is_killed(namespace):
    """As it is where the container's memory is used up."""
    slow = " or ".join(f"udp port {port}" for port in range(1200))
    with start_agent(namespace, *LO, "-filter", slow, live=False) as agent:
        agent.wait_for_log("waiting for the filter to be compiled, its host names to be resolved")
        child = Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text()
        os.kill(int(child), signal.SIGKILL)
        result = agent.wait()
    assert find(result.log, "ERROR", "failed to set up capture")["error"] == (
        "failed to compile the filter: the process that compiles it ended; "
        "if the container is short of memory, a shorter filter takes less")


def four_places(namespace: Namespace) -> list[socket.socket]:
    places = [namespace.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(4)]
    for number, place in enumerate(places):
        place.bind(f"\0cf-pcap/{number}")
    return places


SQUATTED = ("places for captures in this container are held by a process that is none: "
            "in /proc/net/unix their names begin with @cf-pcap/")
STOP_ONE = "captures run in this container, and each has 20 MB of the kernel's memory. Stop one with kill -INT PID: "


def test_slots_that_other_processes_hold(namespace):
    places = four_places(namespace)
    assert refusal(namespace) == f"4 of the 4 {SQUATTED}"
    for place in places:
        place.listen()
    assert refusal(namespace).startswith(f"4 {STOP_ONE}process {os.getpid()}")
    hidden = refusal(namespace, user=0, wrapper=["unshare", "--pid", "--fork", "--kill-child"])
    assert hidden == f"4 {STOP_ONE}" + "; ".join(["a process of unknown id"] * 4)
    for place in places:
        place.close()


def test_memory_for_the_queue_that_cannot_be_allocated(namespace):
    """At the least limit at which the ring is had and the queue is not."""
    for kilobytes in range(21_000, 26_000, 250):
        with start_agent(namespace, *LO, wrapper=["prlimit", f"--as={kilobytes << 10}"]) as agent:
            assert not agent.running, "it had all of its memory"
            result = agent.wait()
        error, = [line for line in result.log if line.level == "ERROR"]
        assert result.status == 1 and result.stdout == b""
        if error.message == "out of memory":
            break
    assert re.sub(r"^\d+", "N", error["error"]) == "N bytes are more than the limit allows (ulimit -v)"


def failure(lines: list[LogLine]) -> str:
    return find(lines, "ERROR", "capture failed")["error"]


def test_full_disk(container, peer):
    """What another may have written behind is not cut off."""
    with small_disk(64) as disk:
        file = os.open("capture.pcap", os.O_RDWR | os.O_CREAT | os.O_APPEND, dir_fd=disk)
        with start_agent(container, "-interface", "eth0", "-filter", "udp", stdout=file) as agent:
            with Pktgen(peer, "eth0", 1000, 500, rate=5000) as generator:
                generator.wait()
            result = agent.wait()
        os.close(file)
    assert failure(result.log) == (
        "failed to write to standard output: No space left on device; its last record is incomplete")


@pytest.mark.parametrize("signals, error", [
    (1, "standard output took nothing for 1 s"), (2, "stopped by a second signal")])
def test_reader_that_reads_nothing_after_the_stop(container, peer, signals, error):
    reader, writer = os.pipe()
    with start_agent(container, "-interface", "eth0", "-filter", "udp", stdout=writer, live=False) as agent:
        agent.wait_for_log("capturing, stop with Ctrl-C or pkill -INT cf-pcap")
        with Pktgen(peer, "eth0", 5000, 1000, rate=20_000) as generator:
            generator.wait()
        for _ in range(signals):
            agent.send_signal(signal.SIGINT)
            time.sleep(0.4)
        result = agent.wait()
    os.close(reader)
    os.close(writer)
    assert failure(result.log) == error
    if signals == 2:
        assert find(result.log, "INFO", "received another signal, stopping at once")["signal"] == "interrupt"


def test_reader_that_is_too_slow_after_the_stop(container, peer):
    reader, writer = os.pipe()
    with start_agent(container, "-interface", "eth0", "-filter", "udp", stdout=writer, live=False) as agent:
        agent.wait_for_log("capturing, stop with Ctrl-C or pkill -INT cf-pcap")
        with Pktgen(peer, "eth0", 5000, 1000, rate=20_000) as generator:
            generator.wait()
        agent.send_signal(signal.SIGINT)
        deadline = time.monotonic() + 10
        while agent.running and time.monotonic() < deadline:
            os.read(reader, 65536)
            time.sleep(0.2)
        result = agent.wait()
    os.close(reader)
    os.close(writer)
    assert failure(result.log) == "standard output did not take all within 4.5 s"
