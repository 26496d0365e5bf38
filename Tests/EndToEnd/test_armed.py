"""Misuse of the packet socket from the moment when it is opened, by someone else's code in the agent.

A tracer stops the agent at a moment of its start and makes it try every way there is to send, or to give the socket
another number or holder. The same without the agent's own filter shows that they work.
"""

from __future__ import annotations

import socket

import pytest

from harness import Namespace, installed
from harness.faults import compiled

EPERM = 1
ETHERTYPE = 0x88B5

# In a container, its own profile forbids some of it.
pytestmark = pytest.mark.home("namespace")

WAYS_TO_SEND = {"write", "writev", "pwritev2", "sendto", "sendmsg", "sendmmsg", "sendfile", "splice", "io_submit"}
WAYS_TO_HAND_ON = {"dup", "dup2", "dup3", "fcntl", "sendmsg", "sendmmsg", "pidfd_getfd", "io_uring_setup"}


def attempts(container: Namespace, moment: str, with_filter: str) -> list[tuple[str, int]]:
    with container.entered():
        index = socket.if_nametoindex("eth0")
    done = container.run(compiled("armed.c"), moment, with_filter, index, installed(None), "-interface", "eth0", text=True)
    return [(name, int(result)) for name, result in (line.split() for line in done.stdout.splitlines())]


@pytest.fixture
def wire(peer: Namespace, container: Namespace) -> socket.socket:
    """Takes the frames that arrive at the peer."""
    with peer.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE)) as frames:
        frames.settimeout(0.2)
        yield frames


def count(wire: socket.socket) -> int:
    frames = 0
    try:
        while wire.recv(2048):
            frames += 1
    except TimeoutError:
        return frames


@pytest.mark.parametrize("moment", ["open", "bound", "sandbox"])
def test_nothing_can_be_sent_on_the_packet_socket_or_its_duplicates(container, wire, moment):
    results = attempts(container, moment, "with")
    assert {name for name, _ in results} >= WAYS_TO_SEND | WAYS_TO_HAND_ON | {"connect", "ptrace", "process_vm_writev"}
    assert [name for name, result in results if result != -EPERM] == []
    assert count(wire) == 0


def test_every_way_to_send_works_without_the_filter(container, wire):
    results = attempts(container, "bound", "without")
    assert {name for name, result in results if result >= 0} >= WAYS_TO_SEND | WAYS_TO_HAND_ON
    assert [name for name, result in results if result == -EPERM] == []
    assert count(wire) >= len(WAYS_TO_SEND) - 1  # sendfile's is no frame of that type
