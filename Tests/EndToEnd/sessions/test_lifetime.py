"""The agent lives as long as its session, and longer only where that was asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from harness import UID, LogLine, Pktgen, Sink, find, parse_log, read_pcap, send_numbered
from harness.agent import HEADER_SIZE

from . import daemons, diego, figures, proxy
from .client import DIRECT, THROUGH_PROXY, Client, capture, ssh
from .container import Container, wait_until

QUIET = ("-interface", "lo", "-filter", "udp port 9")
NUMBERED = ("-interface", "lo", "-filter", "udp port 9999")
LOG = "2> agent.log"
SESSION_ENDED = "SSH session ended, stopping capture"

# Longer than two of the agent's looks at its session.
A_WHILE = 11


def wait_until_file_live(container: Container) -> None:
    file = container.home / "capture.pcap"
    wait_until(lambda: file.exists() and file.stat().st_size >= HEADER_SIZE, 20, "the capture's header")


def open_session(container: Container) -> Client:
    client = ssh(container, "echo open; exec sleep 120")
    client.wait_for_output(len("open\n"))
    return client


def agent_log(container: Container) -> list[LogLine]:
    return parse_log((container.home / "agent.log").read_bytes())


def assert_session_ended(container: Container) -> None:
    lines = agent_log(container)
    find(lines, "INFO", SESSION_ENDED)
    assert lines[-1].message == "stopped capture"


@pytest.mark.parametrize("user", [UID, 0], ids=["vcap", "root"])
@pytest.mark.parametrize("route", [DIRECT, THROUGH_PROXY], ids=["direct", "through the proxy"])
def test_client_killed_while_nothing_matches(route, user):
    with Container() as container:
        diego.start(container, user=user)
        proxy.start(container)
        with ssh(container, capture(*QUIET, to=LOG), route) as client:
            client.wait_until_live()
            client.kill()
            seconds = container.wait_until_agent_gone()
        figures.show(f"client of diego-sshd killed, {'proxy' if route.tls else 'no proxy'}: gone after {seconds:.1f} s")
        assert_session_ended(container)


@daemons.EACH
def test_client_killed_while_nothing_matches_exit_0(daemon):
    """The agent is the daemon's grandchild here: the shell waits for it and keeps its exit status."""
    with Container() as container:
        daemon.start(container)
        status = container.home / "status"
        with ssh(container, capture(*QUIET, to=LOG) + "; echo $? > status.new; mv status.new status") as client:
            client.wait_until_live()
            client.kill()
            seconds = container.wait_until_agent_gone()
        figures.show(f"client of {daemon.NAME} killed, agent a grandchild: gone after {seconds:.1f} s")
        wait_until(status.exists, 15, "the shell goes on")
        assert status.read_text() == "0\n", (container.home / "agent.log").read_text()
        assert agent_log(container)[-1].message == "stopped capture"


def test_client_killed_while_its_output_is_stuck():
    """The daemon closes the pipe with the first write that fails, whether the agent is in the middle of one or not."""
    with Container() as container:
        diego.start(container)
        packets = Pktgen(container.inside, "lo", 60_000, 1000, rate=5_000)
        with packets, ssh(container, capture(*QUIET, to=LOG)) as client:
            client.wait_for_output(100_000)
            client.kill()
            seconds = container.wait_until_agent_gone()
            figures.show(f"client of diego-sshd killed, packets arriving: gone after {seconds:.1f} s")
        assert agent_log(container)[-1].message == "stopped capture"


def test_client_killed_while_the_filter_is_compiled():
    slow = " or ".join(f"udp port {port}" for port in range(1200))
    with Container() as container:
        log = container.home / "agent.log"
        diego.start(container)
        with ssh(container, capture("-interface", "lo", "-filter", slow, to=LOG)) as client:
            wait_until(lambda: log.exists() and "waiting for the filter" in log.read_text(), 20, "the filter is compiled")
            client.kill()
            container.wait_until_agent_gone()
        assert agent_log(container)[-1].message == SESSION_ENDED


def test_client_killed_beside_another_session():
    """The daemon's connections give away nothing about which of them is the agent's, but standard input ends with it."""
    with Container() as container:
        diego.start(container)
        with ssh(container, capture(*QUIET, to="2> other.log")) as other:
            other.wait_until_live()
            with ssh(container, capture(*QUIET, to=LOG)) as client:
                client.wait_until_live()
                container.wait_for_agent(2)
                client.kill()
                seconds = wait_until(lambda: len(container.agents()) == 1, 20, "the agent is gone")
            figures.show(f"client of diego-sshd killed beside another's capture: gone after {seconds:.1f} s")
            assert_session_ended(container)
            time.sleep(A_WHILE)
            assert len(container.agents()) == 1, "the other's capture ended, too"
            assert other.process.poll() is None
            other.kill()
            container.wait_until_agent_gone()


def test_client_without_input_ends_the_capture_with_the_last_session():
    """Nothing then tells its session from another."""
    with Container() as container:
        diego.start(container)
        with open_session(container) as other:
            with ssh(container, capture(*QUIET, to=LOG), stdin=subprocess.DEVNULL) as client:
                client.wait_until_live()
                time.sleep(A_WHILE / 2)
                other.kill()
                time.sleep(A_WHILE)
                assert len(container.agents()) == 1, "it took the other's connection for its own"
                client.kill()
                container.wait_until_agent_gone()
        assert_session_ended(container)


def test_daemon_that_ignores_hangups_does_not_keep_agents_alive():
    """It hands that on, which looks like nohup(1)."""
    with Container() as container:
        diego.start(container, wrapper=("nohup",))
        with ssh(container, capture(*QUIET, to=LOG)) as client:
            client.wait_until_live()
            client.kill()
            container.wait_until_agent_gone()
        assert_session_ended(container)


def test_session_opened_later_is_not_waited_for():
    with Container() as container:
        diego.start(container)
        with ssh(container, capture(*QUIET, to=LOG)) as client:
            client.wait_until_live()
            with open_session(container) as other:
                client.kill()
                container.wait_until_agent_gone()
                assert other.process.poll() is None
        assert_session_ended(container)


@daemons.EACH
def test_network_cut(daemon):
    """Each daemon asks every second whether its client lives, and gives up after two or three."""
    with Container() as container:
        daemon.start(container)
        with ssh(container, capture(*QUIET, to=LOG)) as client:
            client.wait_until_live()
            container.outside.run("ip", "link", "set", "eth0", "down")
            dropped = container.wait_until_disconnected(2222)
            seconds = container.wait_until_agent_gone()
        figures.show(f"network cut, {daemon.NAME}: dropped after {dropped:.1f} s, agent gone {seconds:.1f} s later")
        assert agent_log(container)[-1].message == "stopped capture"


def test_daemon_killed():
    with Container() as container:
        daemon = diego.start(container)
        with ssh(container, capture(*QUIET, to=LOG)) as client:
            client.wait_until_live()
            daemon.kill()
            container.wait_until_agent_gone()
        assert agent_log(container)[-1].message == "stopped capture"


@daemons.EACH
def test_client_without_standard_input_keeps_capturing(daemon):
    with Container() as container, Sink(container.inside):
        daemon.start(container)
        with ssh(container, capture(*NUMBERED), stdin=subprocess.DEVNULL) as client:
            client.wait_until_live()
            time.sleep(A_WHILE)
            numbers = send_numbered(container.inside, "127.0.0.1", 5)
            wait_until(lambda: read_pcap(client.output.data).numbers == numbers, 15, "packets sent later arrive")


@daemons.EACH
@pytest.mark.parametrize("command", [
    "nohup {capture} > capture.pcap 2> agent.log < /dev/null & sleep 1",
    "{capture} > capture.pcap 2> agent.log < /dev/null & sleep 1",
    "nohup sh -c '{capture} 2> agent.log | cat > capture.pcap' > /dev/null 2>&1 < /dev/null & sleep 1",
], ids=["nohup, file", "file", "nohup, pipe"])
def test_capture_in_the_background_outlives_its_session(daemon, command):
    with Container() as container, Sink(container.inside):
        daemon.start(container)
        with ssh(container, command.format(capture=capture(*NUMBERED).replace("'", '"'))) as client:
            assert client.process.wait(20) == 0, client.errors.data.decode()
        assert_runs_on_until_interrupted(container)


@daemons.EACH
def test_capture_by_nohup_outlives_its_terminal(daemon):
    with Container() as container, Sink(container.inside):
        daemon.start(container)
        with ssh(container, None, terminal=True) as client:
            client.type("nohup " + capture(*NUMBERED, to="> capture.pcap 2> agent.log < /dev/null &") + "\n")
            wait_until_file_live(container)
            client.kill()
        assert_runs_on_until_interrupted(container)


def assert_runs_on_until_interrupted(container: Container) -> None:
    file = container.home / "capture.pcap"
    agent = container.wait_for_agent()
    container.wait_until_disconnected(2222)
    time.sleep(A_WHILE)
    assert container.agents() == [agent], (container.home / "agent.log").read_text()
    numbers = send_numbered(container.inside, "127.0.0.1", 5)
    os.kill(agent, signal.SIGINT)
    container.wait_until_agent_gone(5)
    wait_until(lambda: read_pcap(file.read_bytes()).numbers == numbers, 15, "the file is whole")
    lines = agent_log(container)
    assert find(lines, "INFO", "received signal, stopping capture")["signal"] == "interrupt"
    assert lines[-1].message == "stopped capture"


@daemons.EACH
def test_terminal_that_vanishes_hangs_up_the_capture(daemon):
    with Container() as container, Sink(container.inside):
        daemon.start(container)
        with ssh(container, None, terminal=True) as client:
            client.type(capture(*NUMBERED, to="> capture.pcap 2> agent.log") + "\n")
            wait_until_file_live(container)
            numbers = send_numbered(container.inside, "127.0.0.1", 5)
            client.kill()
            container.wait_until_agent_gone()
        assert read_pcap((container.home / "capture.pcap").read_bytes()).numbers == numbers
        assert find(agent_log(container), "INFO", "received signal, stopping capture")["signal"] == "hangup"
