"""Live, in Wireshark: a stand-in of that name on PATH, which reads as Wireshark does, with tshark."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from client import Client
from foundation import Foundation, HTTPLoad, agents
from sessions.container import wait_until

# Wireshark hands its input to dumpcap; `-k -i -` begins at once.
WIRESHARK = """#!/bin/bash
env > {folder}/environment
printf '%s\\n' "$@" > {folder}/arguments
exec tshark -l -n -i - -T fields -e frame.interface_name -e http.request.uri > {folder}/packets 2> {folder}/notes
"""


def environment(foundation: Foundation, folder: Path) -> dict[str, str]:
    (folder / "bin").mkdir()
    program = folder / "bin/wireshark"
    program.write_text(WIRESHARK.format(folder=folder))
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{foundation.environment['PATH']}"}


def test_wireshark_shows_the_packets_as_they_come(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--wireshark", environment=environment(foundation, folder)) as running:
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[2], 50):
            packets = folder / "packets"
            running.wait_until(lambda: packets.exists() and "web/2 eth0\t/" in packets.read_text(), 30, "a request is shown")
        result = running.stop()
    assert result.status == 0, result.stderr
    assert (folder / "arguments").read_text().split() == ["-k", "-i", "-"]
    assert not (folder / "capture.pcap").exists()


def test_wireshark_gets_no_variable_of_cf(foundation, demo, folder):
    variables = environment(foundation, folder) | {"CF_PASSWORD": "secret", "OTHER": "kept"}
    with Client(foundation, folder, "demo", "--wireshark", environment=variables) as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        running.wait_until(lambda: (folder / "arguments").exists(), 30, "it has started")
        running.stop()
    given = (folder / "environment").read_text().splitlines()
    assert "OTHER=kept" in given
    assert [variable for variable in given if variable.startswith("CF_")] == []


def tshark_of(running: Client) -> int | None:
    for pid in running.children():
        with contextlib.suppress(OSError):  # one that has ended
            if "tshark" in os.readlink(f"/proc/{pid}/exe"):
                return pid
    return None


def test_closed_wireshark_ends_the_capture(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--wireshark", environment=environment(foundation, folder)) as running:
        running.wait_until_capturing(*instances)
        running.wait_until(lambda: (folder / "arguments").exists(), 30, "it has started")
        running.wait_until(lambda: tshark_of(running), 20, "it reads")
        time.sleep(1)
        os.kill(tshark_of(running), 15)
        running.wait(10)
    wait_until(lambda: not agents(instances), 10, "no agent is left")


def test_wireshark_that_fails_is_told(foundation, demo, folder):
    failing = environment(foundation, folder)
    (folder / "bin/wireshark").write_text("#!/bin/sh\nexit 3\n")
    with Client(foundation, folder, "demo", "--wireshark", environment=failing) as running:
        result = running.wait()
    assert result.status == 1
    assert "Wireshark ended with" in result.stderr and "3" in result.stderr
    assert not agents(demo.processes[0].instances)


def test_no_wireshark_is_said_before_anything_is_captured(foundation, demo, folder):
    with Client(foundation, folder, "demo", "--wireshark", environment={"PATH": f"{foundation.program.parent}:/nix"}) as running:
        result = running.wait()
    assert result.status == 1
    assert "wireshark" in result.stderr.lower()
    assert not agents(demo.processes[0].instances)


def test_wireshark_beside_a_file_holds_nothing_up(foundation, demo, folder):
    """One that reads nothing for a while; the file gets all, and is closed in order."""
    (folder / "bin").mkdir()
    (folder / "bin/wireshark").write_text("#!/bin/sh\nsleep 1000\n")
    (folder / "bin/wireshark").chmod(0o755)
    path = {"PATH": f"{folder}/bin:{foundation.environment['PATH']}"}
    with Client(foundation, folder, "demo", "--wireshark", "-o", "x.pcapng", environment=path) as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        with HTTPLoad(demo.processes[0].instances[0], 100) as load:
            load.wait_for(100)
            answered = load.stop()
        result = running.stop()
    assert result.status == 0, result.stderr
    assert "Wireshark did not take the last packets in time" in result.stderr
    assert sum(b"GET /" in packet.data for packet in result.pcapng("x.pcapng").packets) == answered
