"""The client as a plugin of the command line."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from cf import gob
from cf.plugins import METHOD, Server
from client import BINARY, Client
from foundation import Foundation, agents, all_are_captured, request
from harness import read_pcap
from harness.pcap import PcapError
from sessions.container import wait_until
from shell import Shell

ACCEPTED = bytes.fromhex((Path(__file__).parent / "data/set-plugin-metadata.hex").read_text())
"""The call of another plugin, which the real cf took. Its last message is the value, all before are definitions."""


def cf(foundation: Foundation, *words: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([foundation.program, *map(str, words)], env=foundation.environment, capture_output=True,
                          text=True, timeout=30, **options)


@pytest.fixture
def installed(foundation):
    done = cf(foundation, "install-plugin", "-f", BINARY)
    assert done.returncode == 0, done
    return done


def test_installing_tells_cf_everything(foundation, installed):
    assert re.search(r"^Plugin pcap \d+\.\d+\.\d+ successfully installed\.$", installed.stdout, re.MULTILINE)
    listed = cf(foundation, "plugins")
    assert re.search(r"^pcap +\d+\.\d+\.\d+ +pcap +\S.*$", listed.stdout, re.MULTILINE), listed.stdout
    shown = cf(foundation, "help", "pcap").stdout
    assert re.search(r"^NAME:\n   pcap - \S", shown)
    own = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    assert shown == own and len(own.splitlines()) <= 40
    for option in ("process", "interface", "snaplen", "duration", "hold", "format", "quiet", "force", "no-follow", "wireshark"):
        assert re.search(rf"^[ ,a-z-]* --{option} +\S", shown, re.MULTILINE), f"--{option} is not explained"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_that_of_cf(foundation, installed, flag):
    assert cf(foundation, "pcap", "demo", flag).stdout == cf(foundation, "help", "pcap").stdout


def test_installing_again_and_uninstalling(foundation, installed):
    assert cf(foundation, "install-plugin", BINARY, input="y\n").returncode == 1
    assert cf(foundation, "install-plugin", "-f", BINARY).returncode == 0
    done = cf(foundation, "uninstall-plugin", "pcap")
    assert done.returncode == 0, done
    assert "pcap" not in cf(foundation, "plugins").stdout.split("command help")[1].split("Use")[0]


class Wire:
    """An RPC server of cf that keeps the bytes it got, and answers."""

    def __init__(self, reply: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._reply = reply
        self.received = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(10)
            self.received = connection.recv(65536)
            connection.sendall(self._reply)
            time.sleep(0.5)

    def run(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, str(self.port), *words], capture_output=True, text=True, timeout=20)


def test_bytes_are_those_that_gos_decoder_takes():
    """What is sent after the definitions differs from what the real cf took from another program; the rest does not."""
    wire = Wire(gob.answer(METHOD, 0))
    assert wire.run("SendMetadata").returncode == 0
    value = ACCEPTED.index(bytes.fromhex("ffaaff82"))
    assert wire.received[:value] == ACCEPTED[:value]
    stream = memoryview(wire.received)
    position = 0

    def take(count: int) -> bytes:
        nonlocal position
        position += count
        return bytes(stream[position - count:position])

    decoder = gob.Decoder(take)
    assert decoder.next() == {"ServiceMethod": METHOD}
    metadata = decoder.next()
    assert position == len(stream)
    assert metadata["Name"] == "pcap" and [command["Name"] for command in metadata["Commands"]] == ["pcap"]


def test_uninstall_message_is_taken_without_a_word():
    with Server() as server:
        done = subprocess.run([BINARY, str(server.port), "CLI-MESSAGE-UNINSTALL"], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_capture_through_cf(foundation, demo, folder, installed):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "-f", "tcp port 8080", "--duration", "15s", words=("cf", "pcap")) as running:
        running.wait_until_capturing(*instances)
        answered, = request([instances[2]], 20)
        result = running.wait()
    assert result.status == 0, result.stderr
    assert result.stdout == b""
    assert len(result.pcap().packets) > answered


def test_failure_is_one_for_cf(foundation, demo, folder, installed):
    with Client(foundation, folder, "nix", words=("cf", "pcap")) as running:
        assert running.wait().status == 1


def test_the_cli_that_started_the_plugin_is_the_one_that_it_runs(foundation, demo, folder, installed):
    """There may be another one, of the usual name, first in PATH."""
    (folder / "bin").mkdir()
    broken, other = folder / "bin/cf", folder / "bin/cf8"
    broken.write_text("#!/bin/sh\nexit 1\n")
    other.write_bytes(foundation.program.read_bytes())
    for program in (broken, other):
        program.chmod(0o755)
    path = {"PATH": f"{folder}/bin:/usr/bin:/bin"}
    with Client(foundation, folder, "demo", words=(other, "pcap"), environment=path) as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        os.killpg(running.pid, signal.SIGINT)
        assert "Saved capture to 'capture.pcap'." in running.wait().lines


def test_environment_without_homes(foundation, demo, folder, installed):
    """CF_HOME is not set; where it is, plugins may still be elsewhere."""
    instances = demo.processes[0].instances
    environment = dict(foundation.environment)
    del environment["CF_HOME"]
    done = subprocess.run([foundation.program, "pcap", "demo", "-i", "0", "--duration", "1s"], env=environment, cwd=folder,
                          capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    read_pcap((folder / "capture.pcap").read_bytes())
    assert not agents(instances)


def test_control_c_on_a_terminal_saves_the_capture_before_the_prompt(foundation, demo, folder, installed):
    instances = demo.processes[0].instances
    with Shell(foundation.environment, folder) as shell:
        shell.type("cf pcap demo; echo \"status=$?\"\n")
        shell.wait_for("Capturing, press ^C to stop...")
        wait_until(lambda: all_are_captured(instances), 30, "agents")
        answered, = request([instances[1]], 50)
        shell.type("\x03")
        shell.wait_for("Saved capture to 'capture.pcap'.")
        shell.wait_for("status=0")
        assert shell.text.index("Saved capture") < shell.text.rindex("status=0")
        shell.type("echo works=$((6 * 7))\n")
        shell.wait_for("works=42")
    assert len(read_pcap((folder / "capture.pcap").read_bytes()).packets) > answered
    assert not agents(instances)


def test_control_z_does_not_stop_a_capture_through_cf(foundation, demo, folder, installed):
    with Shell(foundation.environment, folder) as shell:
        shell.type("cf pcap demo -i 0 --duration 3s; echo \"status=$?\"\n")
        shell.wait_for("Capturing, press ^C to stop...")
        shell.type("\x1a")
        shell.wait_for("status=0")


def is_whole(file: Path) -> bool:
    with contextlib.suppress(PcapError):
        return bool(read_pcap(file.read_bytes()))
    return False


def test_terminal_that_vanishes_ends_the_capture(foundation, demo, folder, installed):
    instances = demo.processes[0].instances
    with Shell(foundation.environment, folder) as shell:
        shell.type("cf pcap demo\n")
        shell.wait_for("Capturing, press ^C to stop...")
        wait_until(lambda: all_are_captured(instances), 10, "agents")
        shell.hang_up()
        wait_until(lambda: not agents(instances), 10, "no agent is left")
    wait_until(lambda: is_whole(folder / "capture.pcap"), 10, "the file is whole")


@pytest.mark.breaks
def test_signal_that_ends_cf_too_stops_the_capture_in_order(foundation, demo, folder, installed):
    """Without a terminal cf and the plugin are one group. A session that takes its time is not cut when cf has gone."""
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", words=("cf", "pcap")) as running:
        running.wait_until_capturing(*instances)
        instances[1].cut()
        os.killpg(running.pid, signal.SIGINT)
        time.sleep(1.5)
        instances[1].mend()
        result = running.wait()  # which reads what the plugin says until it has ended
    assert "Saved capture to 'capture.pcap'." in result.lines
    assert "error" not in result.stderr and "in time" not in result.stderr
    assert not agents(instances)


def test_cf_that_is_killed_ends_the_capture(foundation, demo, folder, installed):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", words=("cf", "pcap")) as running:
        running.wait_until_capturing(*instances)
        running.kill()
        wait_until(lambda: not agents(instances), 10, "no agent is left")
        wait_until(lambda: is_whole(folder / "capture.pcap"), 10, "the file is whole")
