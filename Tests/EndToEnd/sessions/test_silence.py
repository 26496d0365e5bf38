"""A capture of everything, streamed through an SSH session, holds nothing of the session."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import ModuleType

import pytest

from harness import Sink, read_pcap, send_numbered
from harness.agent import HEADER_SIZE

from . import daemons, diego, dropbear, figures, openssh, proxy
from .client import DIRECT, LOOPBACK, THROUGH_PROXY, Client, Route, capture, ssh
from .container import ADDRESS, INSTANCE_PORTS, INSTANCE_PORTS_WITHOUT_PROXY, Container, wait_until

SECONDS = 10


@dataclass(frozen=True)
class Scene:
    daemon: ModuleType
    route: Route
    interface: str
    instance_ports: str | None = None

    def start(self, container: Container) -> None:
        if self.daemon is diego:
            diego.start(container, instance_ports=self.instance_ports)
        else:
            self.daemon.start(container)
        if self.route is THROUGH_PROXY:
            proxy.start(container)


SCENES = {
    "diego-sshd, proxy, lo": Scene(diego, THROUGH_PROXY, "lo", INSTANCE_PORTS),
    "diego-sshd, proxy, eth0": Scene(diego, THROUGH_PROXY, "eth0", INSTANCE_PORTS),
    "diego-sshd, proxy, any": Scene(diego, THROUGH_PROXY, "any", INSTANCE_PORTS),
    "diego-sshd, no proxy, eth0": Scene(diego, DIRECT, "eth0", INSTANCE_PORTS_WITHOUT_PROXY),
    "diego-sshd, no proxy, any": Scene(diego, DIRECT, "any", INSTANCE_PORTS_WITHOUT_PROXY),
    "diego-sshd, no instance ports, eth0": Scene(diego, DIRECT, "eth0"),
    "diego-sshd, loopback, lo": Scene(diego, LOOPBACK, "lo"),
    "openssh, loopback, lo": Scene(openssh, LOOPBACK, "lo"),
    "openssh, no proxy, eth0": Scene(openssh, DIRECT, "eth0"),
    "openssh, no proxy, any": Scene(openssh, DIRECT, "any"),
    "dropbear, loopback, lo": Scene(dropbear, LOOPBACK, "lo"),
    "dropbear, no proxy, eth0": Scene(dropbear, DIRECT, "eth0"),
    "dropbear, no proxy, any": Scene(dropbear, DIRECT, "any"),
}


def measure(client: Client) -> tuple[int, int]:
    """The size of the stream one second after its start, and SECONDS later."""
    client.wait_until_live()
    time.sleep(1)
    first = client.output.size
    time.sleep(SECONDS)
    return first, client.output.size


def send_other_traffic(container: Container, interface: str) -> list[int]:
    """Returns the packets on that interface that belong to no SSH session."""
    sender, address = (container.inside, "127.0.0.1") if interface == "lo" else (container.outside, ADDRESS)
    with Sink(container.inside):
        return send_numbered(sender, address, 3)


@pytest.mark.parametrize("name", SCENES)
def test_capture_through_the_session_does_not_capture_the_session(name):
    """The session is not: its daemon asks every second whether the client lives, and -v logs through it."""
    scene = SCENES[name]
    with Container() as container:
        scene.start(container)
        with ssh(container, capture("-interface", scene.interface, "-v"), scene.route) as client:
            first, last = measure(client)
            figures.show(f"{name}: {first} bytes after 1 s, {last} bytes {SECONDS} s later")
            assert (first, last) == (HEADER_SIZE, HEADER_SIZE), client.errors.data.decode()
            numbers = send_other_traffic(container, scene.interface)
            wait_until(lambda: len(read_pcap(client.output.data).packets) >= 3, 15, "other traffic is captured")
            assert read_pcap(client.output.data).numbers == numbers


@daemons.EACH
def test_capture_into_a_file_does_not_capture_the_terminals_session(daemon):
    with Container() as container:
        daemon.start(container)
        file = container.home / "capture.pcap"
        with ssh(container, None, DIRECT, terminal=True) as client:
            client.type(capture("-interface", "any", "-v", to="> capture.pcap") + "; echo status=$?\n")
            wait_until(lambda: file.exists() and file.stat().st_size >= HEADER_SIZE, 20, "the capture's header")
            time.sleep(SECONDS)
            size = file.stat().st_size
            figures.show(f"{daemon.NAME}, terminal, any: {size} bytes after {SECONDS} s")
            assert size == HEADER_SIZE
            client.type("\x03")
            wait_until(lambda: b"status=0" in client.output.data, 15, "exit 0 on Ctrl-C")


def test_two_captures_in_two_sessions_do_not_feed_each_other():
    with Container() as container:
        diego.start(container)
        proxy.start(container)
        command = capture("-interface", "any", "-v")
        with ssh(container, command, THROUGH_PROXY) as one, ssh(container, command, THROUGH_PROXY) as other:
            other.wait_until_live()
            sizes = measure(one)
            figures.show(f"two sessions at once, any: {sizes[1]} and {other.output.size} bytes after {SECONDS} s")
            assert sizes == (HEADER_SIZE, HEADER_SIZE) and other.output.size == HEADER_SIZE


def test_without_the_exclusion_the_capture_grows_without_end():
    """The daemon has a name and a port that nothing gives away, so that the agent leaves nothing of it out."""
    with Container() as container:
        diego.start(container, port=2322, instance_ports=None, name="greeter")
        with ssh(container, capture("-interface", "any"), Route(ADDRESS, 2322)) as client:
            begin = time.monotonic()
            sizes = []
            for size in (10_000, 100_000, 500_000):
                client.wait_for_output(size)
                sizes.append(f"{size} bytes after {time.monotonic() - begin:.1f} s")
            client.kill()
            figures.show("nothing excluded, any: " + ", ".join(sizes))
