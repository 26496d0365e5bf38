"""What the capturing process cannot do any more, even if someone else's code runs in it.

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

from harness import Agent, Namespace, Pktgen, send_numbered, start_agent
from harness.faults import allowed_calls, injected_call, small_disk, traced_calls

KILLED = f"killed by {int(signal.SIGSYS)}"
AT_FDCWD = 2**64 - 100
READ, WRITE, EXECUTE, ANONYMOUS = 1, 2, 4, 0x22
TIOCSTI, FIONBIO, F_SETFL, CLONE_NEWUSER, PTRACE_TRACEME = 0x5412, 0x5421, 4, 0x10000000, 0

# x86-64 numbers, with arguments where they matter.
FORBIDDEN = {
    "open": (2, 0, 0), "openat": (257, AT_FDCWD, 0, 0), "openat2": (437, AT_FDCWD, 0, 0, 24), "creat": (85, 0, 0),
    "open_by_handle_at": (304, 0, 0, 0), "memfd_create": (319, 0, 0),
    "socket": (41, socket.AF_INET, socket.SOCK_STREAM, 0), "socketpair": (53, 1, 1, 0, 0), "connect": (42, 1, 0, 0),
    "bind": (49, 1, 0, 0), "listen": (50, 1, 0), "accept": (43, 1, 0, 0), "setsockopt": (54, 1, 0, 0, 0, 0),
    "sendmsg": (46, 1, 0, 0), "recvfrom": (45, 1, 0, 0, 0, 0, 0), "recvmsg": (47, 1, 0, 0),
    "execve": (59, 0, 0, 0), "execveat": (322, AT_FDCWD, 0, 0, 0, 0),
    "fork": (57,), "vfork": (58,), "clone": (56, int(signal.SIGCHLD), 0, 0, 0, 0), "clone3": (435, 0, 88),
    "ptrace": (101, PTRACE_TRACEME, 0, 0, 0), "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "process_vm_writev": (311, 1, 0, 0, 0, 0, 0), "kill": (62, 1, 0), "tgkill": (234, 1, 1, 0),
    "pidfd_open": (434, 1, 0), "pidfd_getfd": (438, 1, 1, 0),
    "setuid": (105, 0), "setgid": (106, 0), "setresuid": (117, 0, 0, 0), "setresgid": (119, 0, 0, 0),
    "setgroups": (116, 0, 0), "capset": (126, 0, 0), "prctl": (157, 22, 0), "seccomp": (317, 0, 0, 0),
    "setrlimit": (160, 4, 0), "prlimit64": (302, 0, 4, 0, 0),
    "bpf": (321, 0, 0, 0), "perf_event_open": (298, 0, 0, 0, 0, 0), "io_uring_setup": (425, 1, 0),
    "setns": (308, 1, 0), "unshare": (272, CLONE_NEWUSER), "mount": (165, 0, 0, 0, 0, 0), "chroot": (161, 0),
    "pivot_root": (155, 0, 0), "keyctl": (250, 0, 0), "add_key": (248, 0, 0, 0, 0, 0), "userfaultfd": (323, 0),
    "mmap of memory to execute": (9, 0, 4096, READ | EXECUTE, ANONYMOUS, 2**64 - 1, 0),
    "mmap of memory to write and execute": (9, 0, 4096, READ | WRITE | EXECUTE, ANONYMOUS, 2**64 - 1, 0),
    "mmap of standard output": (9, 0, 4096, READ, 2, 1, 0),
    "mprotect": (10, 0, 4096, READ | WRITE | EXECUTE), "mremap": (25, 0, 0, 0, 0, 0), "madvise": (28, 0, 0, 4),
    "unlink": (87, 0), "rename": (82, 0, 0), "chmod": (90, 0, 0o4755), "setxattr": (188, 0, 0, 0, 0, 0),
    "dup2": (33, 1, 2), "fcntl": (72, 1, F_SETFL, 0), "init_module": (175, 0, 0, 0), "reboot": (169, 0, 0, 0, 0),
    "clock_settime": (227, 0, 0), "ioctl on standard error": (16, 2, TIOCSTI, 0),
    "another ioctl on standard output": (16, 1, FIONBIO, 0),
    "write to another descriptor": (1, 0, 0, 0), "ftruncate of standard error": (77, 2, 0),
    "read of standard input": (0, 0, 0, 0), "pread64 of standard input": (17, 0, 0, 0, 0),
    "pwrite64": (18, 1, 0, 0, 0), "writev": (20, 1, 0, 0), "splice": (275, 0, 0, 1, 0, 0, 0), "close": (3, 1),
    "lseek of standard error": (8, 2, 0, 0), "timer_create": (222, 0, 0, 0), "rt_sigaction": (13, 2, 0, 0, 8), "rt_sigreturn": (15,),
    "sendto on standard error": (44, 2, 0, 0, 0, 0, 0), "a number that no call has": (1000,),
    "open as x32": (0x40000002, 0, 0),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_call_kills_the_process(namespace, name):
    with start_agent(namespace, "-interface", "lo") as agent:
        number, *arguments = FORBIDDEN[name]
        assert injected_call(agent, number, *arguments) == KILLED
        result = agent.wait()
    assert result.status == -signal.SIGSYS
    assert result.pcap.packets == []


@pytest.mark.parametrize("name, number", [
    ("write", 1), ("writev", 20), ("sendto", 44), ("sendmsg", 46), ("read", 0), ("pread64", 17), ("setsockopt", 54),
    ("bind", 49), ("io_setup", 206), ("io_submit", 209),
])
def test_nothing_can_be_done_to_the_packet_socket(namespace, name, number):
    """Above all, no packet can be sent on it."""
    with start_agent(namespace, "-interface", "lo") as agent:
        assert injected_call(agent, number, packet_socket(agent), 0, 0, 0, 0, 0) == KILLED


def test_call_of_the_loop_is_allowed(namespace):
    """The tracer itself does no harm: what kills is the call."""
    write, standard_output = 1, 1
    with start_agent(namespace, "-interface", "lo") as agent:
        assert injected_call(agent, write, standard_output, 0, 0) == "returned 0"
        assert agent.stop().status == 0


@pytest.mark.parametrize("number, arguments", [
    (12, (0,)), (9, (0, 1 << 20, READ | WRITE, ANONYMOUS, 2**64 - 1, 0)), (11, (0, 4096)),
], ids=["brk", "mmap", "munmap"])
def test_memory_can_be_allocated(namespace, number, arguments):
    """An allocation where nobody thought of one must not end the capture: what malloc(3) calls is allowed."""
    with start_agent(namespace, "-interface", "lo") as agent:
        assert injected_call(agent, number, *arguments).startswith("returned ")
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


# What only other circumstances need: a kernel without vDSO; a SIGSTOP that arrives within the microsecond of a poll(2);
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
