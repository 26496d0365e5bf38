"""The client with the agent that platforms have today."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import foundation as package
from checks import beginning_of, check_with_tools, same_packets
from client import Client
from foundation import HTTPLoad, Instance, Tcpdump, agents, live_agents, request
from sessions.container import wait_until

STAND_IN = Path(package.__file__).with_name("inside") / "reference_agent.py"


def install(instance: Instance) -> None:
    (instance.agent.parent / "real").mkdir()
    instance.agent.rename(instance.agent.parent / "real/cf-pcap")
    instance.agent.write_text(f"#!{instance.container.python} -IS\n" + STAND_IN.read_text())
    instance.agent.chmod(0o755)


@pytest.fixture
def reference(foundation):
    app = foundation.push("demo", web=2)
    for instance in app.processes[0].instances:
        install(instance)
    return app.processes[0].instances


@pytest.mark.breaks
def test_all_packets_are_captured_and_a_busy_agent_stops_with_its_next_packet(foundation, reference, folder):
    busy, other = reference
    with Tcpdump(other, folder / "beside") as beside, Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until(lambda: len(live_agents(reference)) == 2, 60, "both capture")
        request([other], 50)
        with HTTPLoad(busy), HTTPLoad(other) as load:
            load.wait_for(20)
            result = running.stop()
        expected = beside.stop()
    assert result.status == 0, result.stderr
    packets = result.pcapng("x.pcapng").of("web/1 eth0")
    assert len(packets) > 50
    same_packets(packets, beginning_of(expected, packets))
    assert "dropped not known" in result.stderr
    check_with_tools(folder / "x.pcapng")
    assert not agents(reference)


@pytest.mark.breaks
def test_idle_agent_is_ended_after_a_while(foundation, reference, folder):
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until(lambda: len(live_agents(reference)) == 2, 60, "both capture")
        time.sleep(1)
        result = running.stop()
    assert "Saved capture to 'x.pcapng'." in result.lines
    assert len(result.pcapng("x.pcapng").interfaces) == 2
    wait_until(lambda: not agents(reference), 10, "no agent is left")
