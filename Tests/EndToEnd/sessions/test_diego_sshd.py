"""The stand-in for diego-sshd behaves as the real daemon does, without the agent."""

from __future__ import annotations

import re
import subprocess

from harness import UID, run

from . import diego, openssh
from .client import LOOPBACK, signalling, ssh
from .container import INSTANCE_PORTS, Container, pid_inside, wait_until

CONNECTED, LISTENING = "01", "0A"
SSH_PORT = ":08AE"


def rows(container: Container, table: str) -> list[tuple[str, str]]:
    """Local address and state of the sockets on port 2222 in /proc/net/TABLE."""
    lines = container.inside.run("cat", f"/proc/net/{table}", text=True).stdout.splitlines()[1:]
    words = [line.split() for line in lines]
    return sorted((row[1], row[3]) for row in words if row[1].endswith(SSH_PORT))


def run_in_session(container: Container, command: str, **options) -> str:
    client = ssh(container, command, **options)
    assert client.process.wait(10) == 0, client.errors.data
    return client.output.finish().decode()


def test_one_process_serves_every_session_from_a_dual_stack_socket():
    with Container() as container:
        daemon = diego.start(container)
        clients = [ssh(container, "echo started; sleep 60") for _ in range(3)]
        for client in clients:
            client.wait_for_output(len("started\n"))
        assert container.processes("diego-sshd") == [daemon.pid]
        listeners = container.sockets("listening", 2222)
        connections = container.sockets("established", 2222)
        assert len(listeners) == 1 and "*:2222" in listeners[0], listeners
        assert len(connections) == 3
        assert all(f'("diego-sshd",pid={daemon.pid},' in line for line in listeners + connections)
        assert rows(container, "tcp") == []
        mapped = "0000000000000000FFFF00000200" + "4D0A" + SSH_PORT
        assert rows(container, "tcp6") == [("0" * 32 + SSH_PORT, LISTENING)] + 3 * [(mapped, CONNECTED)]


def test_descriptors_of_diego_sshd_are_readable_and_those_of_openssh_are_not():
    def readable(container: Container, pid: int) -> bool:
        listing = container.inside.command_line(["ls", f"/proc/{pid}/fd"])
        return subprocess.run(listing, capture_output=True).returncode == 0

    with Container() as container:
        daemon = diego.start(container)
        status = run("cat", f"/proc/{daemon.pid}/status", text=True).stdout
        assert f"Uid:\t{UID}\t{UID}\t{UID}\t{UID}\n" in status
        assert readable(container, pid_inside(daemon.pid))
    with Container() as container:
        openssh.start(container)
        parent = int(run_in_session(container, "echo $PPID"))
        assert not readable(container, parent)


def test_command_runs_under_bash_with_three_pipes_and_the_environment_of_the_daemon():
    with Container() as container:
        diego.start(container)
        assert run_in_session(container, "tr '\\0' ' ' < /proc/$$/cmdline; exit").startswith("/bin/bash -c tr ")
        assert run_in_session(container, "readlink /proc/self/fd/{0,1,2}").count("pipe:[") == 3
        assert run_in_session(container, "cat /proc/self/stat").split()[3] == run_in_session(
            container, "echo $PPID").strip(), "bash execs a single simple command"
        environment = run_in_session(container, "env").splitlines()
        assert f"CF_INSTANCE_PORTS={INSTANCE_PORTS}" in environment
        assert not [line for line in environment if line.startswith("SSH_")]


def test_daemon_copies_both_outputs_and_reports_the_exit_status():
    with Container() as container:
        diego.start(container)
        with ssh(container, "head -c 3000000 /dev/zero; echo problem >&2; cat; exit 3") as client:
            client.type("typed")
            client.process.stdin.close()
            assert client.process.wait(10) == 3
            assert client.output.finish() == bytes(3_000_000) + b"typed"
            assert client.errors.finish() == b"problem\n"


def test_a_terminal_session_is_a_login_shell_that_hangs_up_with_the_client():
    with Container() as container:
        diego.start(container)
        with ssh(container, None, route=LOOPBACK, terminal=True) as client:
            client.type("shopt login_shell; tty; trap 'touch hangup; exit' HUP\n")
            # A shell that waits for a line may end with its input before it runs the trap.
            client.type("while sleep 0.05; do touch ready; done\n")
            wait_until((container.home / "ready").exists, 10, "the shell runs the loop")
            # The terminal shows what was typed meanwhile among the answers.
            answers = [re.compile(rb"login_shell\s+on"), re.compile(rb"/dev/pts/\d")]
            wait_until(lambda: all(answer.search(client.output.data) for answer in answers), 15,
                       "a login shell on a terminal")
            client.kill()
        wait_until((container.home / "hangup").exists, 15, "SIGHUP")


def test_a_command_gets_no_signal_when_the_client_vanishes():
    """Its input ends. What it writes next is lost, and what it writes then fails, for the pipe has no reader any more."""
    with Container() as container:
        diego.start(container)
        command = (
            "trap 'touch signal' HUP INT TERM; trap '' PIPE; touch ready; cat > /dev/null; touch input-ended;"
            "sleep 3; touch quiet; echo lost && touch written; while echo fails; do sleep 1; done; touch failed")
        with ssh(container, command) as client:
            wait_until((container.home / "ready").exists, 10, "the command runs")
            client.kill()
        wait_until((container.home / "input-ended").exists, 15, "end of input")
        wait_until((container.home / "failed").exists, 10, "writing fails")
        assert (container.home / "written").exists() and not (container.home / "signal").exists()


def test_signal_requests_reach_the_shell():
    with Container() as container:
        diego.start(container)
        command = "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
        with signalling(container, command) as client:
            client.wait_for_output(len("ready\n"))
            client.type("TERM\n")
            assert client.process.wait(5) == 5
            assert client.output.finish() == b"ready\ncaught\n"
