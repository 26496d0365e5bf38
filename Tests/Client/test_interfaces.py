"""Several interfaces of each instance: an agent each."""

from __future__ import annotations

import subprocess
import sys

from client import Client
from foundation import HTTPLoad, agents
from foundation.instance import HTTP_PORT
from foundation.traffic import LOAD


def names_of(file) -> set[str]:
    fields = ["-T", "fields", "-e", "frame.interface_name"]
    return set(subprocess.check_output(["tshark", "-r", file, *fields], text=True).split("\n")) - {""}


def test_two_interfaces_are_captured_by_an_agent_each(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "-i", "0-1", "--interface", "lo,eth0", "-o", "a.pcapng") as running:
        running.wait_until(lambda: len(agents(instances)) == 4, 60, "two agents in each of two instances")
        running.wait_for_message("Capturing")
        local = instances[0].container.inside.popen(sys.executable, LOAD, "127.0.0.1", HTTP_PORT, 50, stdout=subprocess.DEVNULL)
        with HTTPLoad(instances[1], 50), local:
            running.wait_until(lambda: names_of(folder / "a.pcapng") >= {"web/0 lo", "web/1 eth0"}, 30, "packets of both")
            local.kill()
        result = running.stop()
    assert result.status == 0, result.stderr
    assert not agents(instances)
    assert {interface.name for interface in result.pcapng("a.pcapng").interfaces} == {
        "web/0 lo", "web/0 eth0", "web/1 lo", "web/1 eth0"}
    for name in ("web/0 lo", "web/0 eth0", "web/1 lo", "web/1 eth0"):
        assert any(line.startswith(f"{name}: ") for line in result.lines), result.stderr


def test_interface_that_is_not_there_keeps_no_other_from_being_captured(foundation, demo, folder):
    with Client(foundation, folder, "demo", "--interface", "eth0", "--interface", "eth9") as running:
        running.wait_for_message("web/0-2 eth9: error: ", "eth9")
        running.wait_until_capturing(*demo.processes[0].instances)
        result = running.stop()
    assert result.status == 1
    assert sum("error" in line for line in result.lines) == 1, result.stderr
