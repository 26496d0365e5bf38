"""Host names in a filter: found by a static binary, and by a process that holds nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from harness import UID, Namespace, Sink, find, run, send_numbered, start_agent

MODULE = Path("/lib") / f"{run('uname', '-m', text=True).stdout.strip()}-linux-gnu" / "libnss_hesiod.so.2"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The /etc that the agent sees: a hosts file of the test, files and DNS as sources, the DNS server on lo."""
    contents = {
        "/etc/hosts": "127.0.0.1 localhost\n10.77.0.1 db.example db\n",
        "/etc/resolv.conf": "nameserver 127.0.0.1\n",
        "/etc/nsswitch.conf": "hosts: files dns\n",
    }
    for name, content in contents.items():
        (tmp_path / Path(name).name).write_text(content)
    return {name: tmp_path / Path(name).name for name in contents}


@pytest.fixture
def dns(container: Namespace) -> Iterator[Namespace]:
    """The container, with a DNS server on 127.0.0.1 that knows server.example."""
    container.run("ip", "address", "add", "10.77.0.3/24", "dev", "eth0")
    words = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
             "--pid-file=", "--bind-interfaces", "--listen-address=127.0.0.1", "--local=/example/",
             "--host-record=server.example,10.77.0.1", "--host-record=both.example,10.77.0.1,fd00::1",
             "--cname=alias.example,server.example"]
    server = container.launch(words, user=0, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_dns(container, server)
    yield container
    server.terminate()
    server.wait()


def wait_for_dns(namespace: Namespace, server: subprocess.Popen) -> None:
    query = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06server\x07example\x00\x00\x01\x00\x01"
    deadline = time.monotonic() + 20
    with namespace.socket() as client:
        client.settimeout(0.05)
        client.connect(("127.0.0.1", 53))
        while True:
            try:
                client.send(query)
                client.recv(512)
                return
            except OSError:
                assert server.poll() is None and time.monotonic() < deadline, "no DNS server"
                time.sleep(0.02)


def assert_selects_the_peer(container: Namespace, peer: Namespace, filter: str, files: dict[str, Path]) -> None:
    """The filter selects packets from 10.77.0.1 and none from 10.77.0.9."""
    peer.run("ip", "address", "add", "10.77.0.9/24", "dev", "eth0")
    with Sink(container), start_agent(container, "-interface", "eth0", "-filter", filter, binds=files) as agent:
        assert agent.running, agent.stderr.decode()
        with peer.socket() as other:
            other.bind(("10.77.0.9", 0))
            other.sendto(b"from another host", ("10.77.0.2", 9999))
        numbers = send_numbered(peer, "10.77.0.2", 5)
        result = agent.stop()
    assert result.pcap.numbers == numbers


def test_name_in_the_hosts_file(container, peer, files):
    assert_selects_the_peer(container, peer, "src host db.example", files)


@pytest.mark.parametrize("name", ["server.example", "alias.example", "both.example"])
def test_name_from_a_dns_server(dns, peer, files, name):
    assert_selects_the_peer(dns, peer, f"src host {name} and udp", files)


def test_both_addresses_of_a_name_are_selected(dns, peer, files):
    for namespace, address in ((dns, "fd00::2"), (peer, "fd00::1")):
        namespace.run("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=0")
        namespace.run("ip", "address", "add", f"{address}/64", "dev", "eth0", "nodad")
    with Sink(dns), start_agent(dns, "-interface", "eth0", "-filter", "udp and host both.example",
                                binds=files) as agent:
        send_numbered(peer, "10.77.0.2", 1)
        with peer.socket(socket.AF_INET6) as sender:
            sender.sendto(b"over IPv6", ("fd00::2", 9999))
        time.sleep(0.1)
        result = agent.stop()
    kinds = [packet.data[12:14] for packet in result.pcap.packets]
    assert kinds == [b"\x08\x00", b"\x86\xdd"]


def test_both_questions_for_a_name_are_asked(dns, files):
    """One after the other, as the process that asks may not send two with one call (sendmmsg(2)); whatever the user has
    set for the resolver."""
    for options in ("", "single-request-reopen", "timeout:1 attempts:1", "no-such-option"):
        with start_agent(dns, "-interface", "lo", "-filter", "host both.example", binds=files,
                         env={"RES_OPTIONS": options}) as agent:
            assert agent.running, agent.stderr.decode()
            assert agent.stop().status == 0


def test_name_that_the_dns_server_does_not_know_is_refused(dns, files):
    with start_agent(dns, "-interface", "eth0", "-filter", "host nobody.example", binds=files) as agent:
        result = agent.wait()
    assert result.status == 1 and result.stdout == b""
    assert "nobody.example" in find(result.log, "ERROR", "failed to set up capture")["error"]


def test_signal_ends_the_wait_for_a_dns_server_that_does_not_answer(container, files):
    with Sink(container, port=53):
        with start_agent(container, "-interface", "eth0", "-filter", "host slow.example", binds=files,
                         live=False) as agent:
            time.sleep(0.5)
            assert agent.running, agent.stderr.decode()
            result = agent.stop(timeout=10)
    assert result.seconds < 4
    assert result.stdout == b"" or result.pcap.packets == []


def test_reader_that_goes_ends_the_wait_for_a_dns_server_that_does_not_answer(container, files):
    reader, writer = os.pipe()
    with Sink(container, port=53):
        with start_agent(container, "-interface", "eth0", "-filter", "host slow.example", binds=files, stdout=writer,
                         live=False) as agent:
            os.close(writer)
            time.sleep(0.5)
            assert agent.running, agent.stderr.decode()
            os.close(reader)
            result = agent.wait()
    assert result.status == 0
    assert find(result.log, "INFO", "reader of standard output is gone, stopping capture")


def test_slow_resolution_is_logged_after_a_second(container, files):
    with Sink(container, port=53):
        with start_agent(container, "-interface", "eth0", "-v", "-filter", "host slow.example", binds=files,
                         live=False) as agent:
            waiting = agent.wait_for_log("waiting for the filter to be compiled, its host names to be resolved", 10)
            assert agent.stop().status == 0
    assert waiting.level == "INFO" and waiting.time - agent.log[0].time > timedelta(seconds=0.9)


@pytest.mark.parametrize("interface", ["eth0", "lo"], ids=["without exclusion", "with exclusion"])
def test_host_name_is_resolved_once(dns, files, open_folder, interface):
    """By each of its questions: getaddrinfo(3) asks for IPv4 and IPv6 addresses."""
    files = files | spy(files, open_folder)
    with start_agent(dns, "-interface", interface, "-filter", "host spied.example and port 80", binds=files) as agent:
        assert agent.running, agent.stderr.decode()
        result = agent.stop()
    excluded = [line for line in result.log if "to avoid capturing SSH session" in line.message]
    assert bool(excluded) == (interface == "lo")
    asked = sorted(line for line in report_of(open_folder) if line.startswith("asked"))
    families = (socket.AF_INET, socket.AF_INET6)
    assert asked == sorted(f"asked spied.example family {int(family)}" for family in families)


def test_name_service_module_that_keeps_running_does_not_delay_the_start(container, files, open_folder):
    """It keeps everything open that it finds, above all the pipe through which the compiled filter comes."""
    files = files | spy(files, open_folder, "-DSTAYS")
    begin = time.monotonic()
    with start_agent(container, "-interface", "eth0", "-filter", "host spied.example", binds=files) as agent:
        seconds = time.monotonic() - begin
        assert agent.running, agent.stderr.decode()
        assert agent.stop().status == 0
    assert seconds < 5


def spy(files: dict[str, Path], folder: Path, *options: str) -> dict[str, Path]:
    """Returns the files to mount over others so that a module which reports to `folder` is asked for host names.

    It takes the place of one of glibc's that nobody uses.
    """
    assert MODULE.exists()
    module, source = folder / "spy.so", Path(__file__).parent / "support/libnss_spy.c"
    run("gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", f'-DREPORT="{folder / "report"}"', *options, "-o", module,
        source)
    files["/etc/nsswitch.conf"].write_text("hosts: hesiod files\n")
    return {str(MODULE): module}


def report_of(folder: Path) -> list[str]:
    return (folder / "report").read_text().splitlines()


def test_name_service_module_finds_no_privilege_and_no_packet_socket(container, peer, files, open_folder):
    """A container's nsswitch.conf can name any module; it runs inside the agent, so the agent must hold nothing then."""
    files = files | spy(files, open_folder)
    assert_selects_the_peer(container, peer, "src host spied.example", files)
    lines = report_of(open_folder)
    assert f"uid {UID}" in lines
    capabilities = [line.split() for line in lines if line.startswith("Cap")]
    held = {name: value for name, value in capabilities if int(value, 16) and name != "CapBnd:"}
    assert len(capabilities) == 5 and held == {}
    assert "NoNewPrivs:\t1" in lines
    sockets = [line for line in lines if line.startswith("socket")]
    assert f"socket domain {socket.AF_PACKET}" not in sockets, "a packet socket is within reach"
    assert "raise denied" in lines
    assert "packet socket denied" in lines
