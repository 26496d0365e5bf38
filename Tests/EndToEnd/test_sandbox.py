"""The calls that the capturing process cannot make any more, even if someone else's code runs in it.

The release binary is made to do each forbidden thing by a tracer, and dies of it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from harness import REPOSITORY, Agent, Namespace, Pktgen, send_numbered, start_agent
from harness.faults import allowed_calls, injected_call, small_disk, traced_calls

KILLED = f"killed by {int(signal.SIGSYS)}"
TABLE = REPOSITORY / "Tests/Fixtures/sandbox-calls"


def calls(verdict: str) -> list[tuple[int, list[str]]]:
    """The calls of the table with that verdict, but for those that need an SSH session to watch."""
    rows = [line.split() for line in TABLE.read_text().splitlines() if line.startswith(verdict)]
    found = [pytest.param(int(number, 0), arguments, id="-".join([name, *arguments]))
             for _, name, number, *arguments in rows if "table" not in arguments]
    assert len(found) > 15
    return found


def inject(agent: Agent, number: int, words: list[str]) -> str:
    descriptors = {"input": 0, "output": 1, "error": 2}
    if "capture" in words:
        descriptors["capture"] = packet_socket(agent)
    if "signals" in words:
        descriptors["signals"], = (number for number, target in agent.descriptors().items() if "signalfd" in target)
    arguments = (descriptors[word] if word in descriptors else int(word, 0) for word in words)
    return injected_call(agent, number, *(argument % 2**64 for argument in arguments))


@pytest.mark.parametrize("number, arguments", calls("forbidden"))
def test_forbidden_call_kills_the_process(namespace, number, arguments):
    with start_agent(namespace, "-interface", "lo") as agent:
        assert inject(agent, number, arguments) == KILLED
        result = agent.wait()
    assert result.status == -signal.SIGSYS
    assert result.pcap.packets == []


@pytest.mark.parametrize("number, arguments", calls("allowed"))
def test_allowed_call_returns(namespace, number, arguments):
    """The tracer itself does no harm: the call kills, where it does. An allocation must never end the capture."""
    with start_agent(namespace, "-interface", "lo") as agent:
        assert inject(agent, number, arguments).startswith("returned ")
        assert agent.stop().status == 0


def test_filter_of_the_socket_is_locked(namespace):
    """Nobody to whom the socket might be passed can widen what it sees: see SO_LOCK_FILTER in socket(7)."""
    with start_agent(namespace, "-interface", "lo", "-filter", "udp port 1") as agent:
        assert is_filter_locked(agent.pid, packet_socket(agent))


def packet_socket(agent: Agent) -> int:
    rows = Path(f"/proc/{agent.pid}/net/packet").read_text().splitlines()[1:]
    targets = {f"socket:[{row.split()[8]}]" for row in rows}
    number, = (number for number, target in agent.descriptors().items() if target in targets)
    return number


def is_filter_locked(pid: int, descriptor: int) -> bool:
    pidfd_getfd, lock_filter = 438, 44
    holder = os.pidfd_open(pid)
    copy = ctypes.CDLL(None, use_errno=True).syscall(pidfd_getfd, holder, descriptor, 0)
    os.close(holder)
    assert copy >= 0, os.strerror(ctypes.get_errno())
    with socket.socket(fileno=copy) as packets:
        return packets.getsockopt(socket.SOL_SOCKET, lock_filter) == 1


# The calls that only other circumstances need: a kernel without vDSO; a SIGSTOP that arrives within the microsecond of a poll(2);
# memory that was not foreseen; an SSH session to watch.
NEEDED_ELSEWHERE = {
    "clock_gettime": 228, "restart_syscall": 219, "brk": 12, "mmap": 9, "munmap": 11, "pread64": 17,
}


def test_no_call_is_allowed_that_the_loop_does_not_make(container, peer):
    made: set[int] = set()
    allowed = life_with_a_pipe(container, peer, made)
    life_with_a_socket_and_an_interface_that_goes(container, made)
    life_with_a_full_disk(container, made)
    life_with_large_packets(container, made)
    assert made & allowed == made, "strace saw a call that the filter would have killed"
    assert allowed - made - set(NEEDED_ELSEWHERE.values()) == set()


def life_with_a_pipe(container: Namespace, peer: Namespace, made: set[int]) -> set[int]:
    """Packets, reports, signals, a reader that stalls; returns what the filter allows."""
    with start_agent(container, "-interface", "eth0", "-v") as agent:
        allowed = allowed_calls(agent)
        with traced_calls(agent, made):
            agent.output.pause()
            with Pktgen(peer, "eth0", 5_000, 1000, rate=50_000) as generator:
                generator.wait()
            agent.send_signal(signal.SIGUSR1)
            agent.wait_for_log("capturing")
            agent.output.resume()
            agent.stop()
    return allowed


def life_with_a_socket_and_an_interface_that_goes(container: Namespace, made: set[int]) -> None:
    with Namespace() as other:
        container.connect(other, name="eth1", subnet="10.78.0")
        reader, writer = socket.socketpair()
        with reader, start_agent(container, "-interface", "eth1", stdout=writer, live=False) as agent:
            assert len(reader.recv(24)) == 24
            with traced_calls(agent, made):
                send_numbered(container, "10.78.0.1", 1)
                time.sleep(0.2)
                container.run("ip", "link", "set", "eth1", "down")
                time.sleep(1)
                container.run("ip", "link", "delete", "eth1")
                agent.wait()
        writer.close()


def life_with_large_packets(container: Namespace, made: set[int]) -> None:
    with start_agent(container, "-interface", "lo", "-filter", "udp") as agent, traced_calls(agent, made):
        send_numbered(container, "127.0.0.1", 3, size=20_000)
        assert agent.output.wait_for_size(60_000, 5)
        agent.stop()


def life_with_a_full_disk(container: Namespace, made: set[int]) -> None:
    with small_disk(4) as disk:
        file = os.open("capture.pcap", os.O_RDWR | os.O_CREAT, dir_fd=disk)
        with start_agent(container, "-interface", "lo", stdout=file) as agent, traced_calls(agent, made):
            for number in range(6):
                send_numbered(container, "127.0.0.1", 1, first=number, size=1000)
                time.sleep(0.03)
            agent.wait()
        os.close(file)
