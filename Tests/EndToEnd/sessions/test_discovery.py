"""Which session the agent finds, and what it leaves out for it."""

from __future__ import annotations

import socket
from types import ModuleType

import pytest

from harness import LogLine, find, installed, parse_log

from . import daemons, diego, dropbear, openssh, proxy
from .client import LOOPBACK, THROUGH_PROXY, Client, Route, capture, ssh
from .container import ADDRESS, INSTANCE_PORTS, INSTANCE_PORTS_WITHOUT_PROXY, Container, pid_inside, wait_until

EXCLUDED = "set filter to avoid capturing SSH session"
ADJUSTED = "adjusted filter to avoid capturing SSH session"
NOT_EXCLUDED = "failed to determine default filter, capture may include SSH session"

APPLICATION = """
import socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 8080))
connection, _ = listener.accept()
with open("capture.pcap", "wb") as stdout, open("agent.log", "wb") as stderr:
    subprocess.run(sys.argv[1:], stdout=stdout, stderr=stderr)
"""


def first_lines(client: Client) -> list[LogLine]:
    """The log up to the line that says what is excluded."""
    return client.wait_for_log(EXCLUDED, NOT_EXCLUDED)


def excluded(lines: list[LogLine]) -> str:
    return find(lines, "INFO", EXCLUDED)["filter"]


def test_documented_command_logs_the_documented_lines():
    with Container() as container:
        diego.start(container)
        proxy.start(container)
        with ssh(container, f"{installed()} -interface lo -filter 'port 8080' -v", THROUGH_PROXY) as client:
            wait_until(lambda: b'(port 8080)"\n' in client.errors.data, 20, "the line on the adjusted filter")
            lines = [line.partition(" ")[2] for line in client.errors.data.decode().splitlines()]
        assert lines[0] == 'level=DEBUG msg="parsed flags" interface=lo snaplen=65535 filter="port 8080"'
        assert [line for line in lines if not line.startswith("level=DEBUG ")][0] == (
            'level=INFO msg="adjusted filter to avoid capturing SSH session"'
            ' filter="(not tcp port 2222) and (port 8080)"')


@pytest.mark.parametrize("interface, expression", [
    ("lo", "not tcp port 2222"),
    ("eth0", "not tcp port 61002"),
    ("any", "not tcp port 2222 and not tcp port 61002"),
])
def test_interface_decides_which_port_is_excluded_behind_a_proxy(interface, expression):
    with Container() as container:
        diego.start(container)
        proxy.start(container)
        with ssh(container, capture("-interface", interface, "-v"), THROUGH_PROXY) as client:
            assert excluded(first_lines(client)) == expression


@pytest.mark.parametrize("interface", ["lo", "eth0", "any"])
@pytest.mark.parametrize("instance_ports", [INSTANCE_PORTS_WITHOUT_PROXY, None])
def test_port_of_the_daemon_is_excluded_without_a_proxy(interface, instance_ports):
    with Container() as container:
        diego.start(container, instance_ports=instance_ports)
        with ssh(container, capture("-interface", interface, "-v")) as client:
            assert excluded(first_lines(client)) == "not tcp port 2222"


def test_port_of_the_daemon_is_excluded_if_a_session_bypasses_the_proxy():
    with Container() as container:
        diego.start(container, instance_ports=INSTANCE_PORTS)
        with ssh(container, capture("-interface", "eth0", "-v")) as client:
            assert excluded(first_lines(client)) == "not tcp port 61002 and not tcp port 2222"


@daemons.EACH
@pytest.mark.parametrize("interface", ["lo", "eth0", "any"])
def test_daemon_on_another_port_is_found(daemon, interface):
    with Container() as container:
        daemon.start(container, port=2322)
        with ssh(container, capture("-interface", interface, "-v"), Route(ADDRESS, 2322)) as client:
            assert excluded(first_lines(client)) == "not tcp port 2322"


@daemons.EACH
def test_session_over_ipv6_is_found(daemon):
    with Container() as container:
        daemon.start(container)
        with ssh(container, capture("-interface", "any", "-v"), Route("::1", 2222, from_inside=True)) as client:
            found = find(first_lines(client), "DEBUG", "found SSH session")
            client_end = container.clients(2222)
        assert client_end[0].startswith("[::1]:") and [found["connections"]] == client_end


@pytest.mark.parametrize("daemon, name, source", [
    (openssh, "sshd", "SSH_CONNECTION"), (dropbear, "dropbear", "descriptors"),
])
def test_daemon_of_one_connection_is_found(daemon: ModuleType, name: str, source: str):
    with Container() as container:
        daemon.start(container)
        command = "echo $PPID $SSH_CONNECTION > session; exec " + capture("-interface", "lo", "-v")
        with ssh(container, "sleep 60"), ssh(container, command) as client:
            found = find(first_lines(client), "DEBUG", "found SSH session")
        pid, address, port, *_ = (container.home / "session").read_text().split()
        assert found.attributes == {
            "daemon": name, "pid": pid, "ports": "2222", "connections": f"{address}:{port}", "source": source}


def test_daemon_of_all_connections_is_found_with_each_of_them():
    """A connection that it opens for a client, to forward a port, is none of its sessions."""
    with Container() as container, container.inside.socket(kind=socket.SOCK_STREAM) as application:
        application.bind(("127.0.0.1", 8080))
        application.listen()
        daemon = diego.start(container)
        with ssh(container, "sleep 60", options=("-L", "9000:127.0.0.1:8080")) as other:
            with container.outside.socket(kind=socket.SOCK_STREAM) as browser:
                wait_until(lambda: browser.connect_ex(("127.0.0.1", 9000)) == 0, 10, "the forwarded port")
                accepted, _ = application.accept()
                with accepted, ssh(container, capture("-interface", "lo", "-v"), LOOPBACK) as client:
                    found = find(first_lines(client), "DEBUG", "found SSH session")
                    clients = container.clients(2222)
            assert other.process.poll() is None
        assert sorted(found.attributes.pop("connections").split(",")) == clients and len(clients) == 2
        assert found.attributes == {
            "daemon": "diego-sshd", "pid": str(pid_inside(daemon.pid)), "ports": "2222", "source": "descriptors"}


@pytest.mark.parametrize("interface", ["lo", "eth0", "any"])
def test_daemon_of_a_root_app_is_found_by_the_platforms_port(interface):
    """Once the agent has dropped its capabilities, the descriptors of a process that has some are not readable."""
    with Container() as container:
        daemon = diego.start(container, instance_ports=None, user=0)
        with ssh(container, capture("-interface", interface, "-v")) as client:
            lines = first_lines(client)
            clients = container.clients(2222)
        assert find(lines, "DEBUG", "found SSH session").attributes == {
            "daemon": "diego-sshd", "pid": str(pid_inside(daemon.pid)), "ports": "2222",
            "connections": ",".join(clients), "source": "port"}
        assert excluded(lines) == "not tcp port 2222"


def test_application_that_starts_the_agent_is_no_daemon():
    """Its connection stays visible."""
    with Container() as container:
        container.start(container.python, "-c", APPLICATION, installed(), "-interface", "lo", "-v")
        container.wait_for_listener(8080)
        log, file = container.home / "agent.log", container.home / "capture.pcap"
        with container.inside.socket(kind=socket.SOCK_STREAM) as connection:
            connection.connect(("127.0.0.1", 8080))
            wait_until(lambda: file.exists() and file.stat().st_size >= 24, 10, "the capture's header")
            connection.sendall(b"visible")
            wait_until(lambda: b"visible" in file.read_bytes(), 15, "the application's connection in the capture")
        lines = parse_log(log.read_bytes())
        find(lines, "DEBUG", "no SSH session found")
        assert excluded(lines) == "not tcp port 2222"


def test_forged_connection_is_not_used():
    with Container() as container:
        openssh.start(container, port=2322)
        forged = f"SSH_CONNECTION='10.77.0.1 4711 {ADDRESS} 8080' "
        with ssh(container, forged + capture("-interface", "lo", "-v"), Route(ADDRESS, 2322)) as client:
            lines = first_lines(client)
            find(lines, "DEBUG", "no SSH session found")
            assert excluded(lines) == "not tcp port 2222"


@pytest.mark.parametrize("instance_ports", ["[{", "null", '[{"internal":"2222"}]', "[" * 100_000])
def test_malformed_instance_ports_are_reported_and_the_session_still_excluded(instance_ports):
    with Container() as container:
        diego.start(container, instance_ports=instance_ports)
        with ssh(container, capture("-interface", "eth0", "-v")) as client:
            lines = first_lines(client)
            assert find(lines, "WARN", "failed to parse CF_INSTANCE_PORTS")["error"]
            assert excluded(lines) == "not tcp port 2222"


@pytest.mark.parametrize("interface", ["eth0", "any"])
@pytest.mark.parametrize("instance_ports", [None, INSTANCE_PORTS_WITHOUT_PROXY, "[{"])
def test_proxy_of_unknown_port_causes_a_warning(interface, instance_ports):
    """The port on lo is known, and left out all the same."""
    with Container() as container:
        diego.start(container, instance_ports=instance_ports)
        proxy.start(container)
        filter = ("-filter", "not tcp port 61002")
        with ssh(container, capture("-interface", interface, "-v", *filter), THROUGH_PROXY) as client:
            client.wait_until_live()
            lines = client.wait_for_log(ADJUSTED if interface == "any" else NOT_EXCLUDED)
        assert "-filter 'not tcp port PORT'" in find(lines, "WARN", NOT_EXCLUDED)["hint"]
        adjusted = [line["filter"] for line in lines if line.message == ADJUSTED]
        assert adjusted == (["(not tcp port 2222) and (not tcp port 61002)"] if interface == "any" else [])


@pytest.mark.parametrize("instance_ports", [None, INSTANCE_PORTS])
def test_session_that_is_excluded_causes_no_warning(instance_ports):
    with Container() as container:
        diego.start(container, instance_ports=instance_ports)
        proxy.start(container)
        with ssh(container, capture("-interface", "eth0" if instance_ports else "lo"), THROUGH_PROXY) as client:
            client.wait_until_live()
            assert {line.level for line in first_lines(client)} == {"INFO"}, client.errors.data.decode()
