"""The process holds next to nothing while it captures."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from harness import UID, Agent, Namespace, Pktgen, installed, start_agent

NONE = "0" * 16
RSS_ANON_MAX_KB = 2048


@pytest.mark.parametrize("capabilities, user", [("cap_net_raw=p", UID), ("cap_net_raw=ep", UID), (None, 0)])
def test_status_while_capturing(namespace, capabilities, user):
    with start_agent(namespace, "-interface", "lo", binary=installed(capabilities), user=user) as agent:
        status = agent.status()
    assert [status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")] == [NONE] * 4
    assert (status["NoNewPrivs"], status["Seccomp"], status["Threads"]) == ("1", "2", "1")
    assert kilobytes(status["RssAnon"]) < RSS_ANON_MAX_KB
    assert kilobytes(status["VmLck"]) == 0


def test_inherited_capabilities_are_dropped_too(namespace):
    options = ["--inh-caps=+net_raw,+setfcap,+kill", "--ambient-caps=+net_raw,+setfcap,+kill"]
    with start_agent(namespace, "-interface", "lo", binary=installed(None), setpriv=options) as agent:
        status = agent.status()
    assert [status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")] == [NONE] * 4


def test_descriptors_are_the_standard_streams_signals_the_capture_and_its_slot(namespace):
    with start_agent(namespace, "-interface", "lo") as agent:
        descriptors = agent.descriptors()
        sockets = packet_sockets(agent) + slots(agent)
    others = sorted(target for number, target in descriptors.items() if number > 2)
    assert others == sorted(["anon_inode:[signalfd]", *(f"socket:[{inode}]" for inode in sockets)])
    assert len(sockets) == 2


def slots(agent: Agent) -> list[str]:
    """The inodes of the slots that are taken in the agent's network namespace."""
    lines = Path(f"/proc/{agent.pid}/net/unix").read_text().splitlines()[1:]
    return [line.split()[6] for line in lines if line.split()[-1].startswith("@cf-pcap/")]


def packet_sockets(agent: Agent) -> list[str]:
    """The inodes of the packet sockets in the agent's network namespace."""
    lines = Path(f"/proc/{agent.pid}/net/packet").read_text().splitlines()[1:]
    return [line.split()[8] for line in lines]


def test_capture_holds_one_packet_socket_and_one_ring(namespace):
    with start_agent(namespace, "-interface", "lo", "-filter", "udp") as agent:
        assert len(packet_sockets(agent)) == 1


def test_inherited_descriptors_are_closed(namespace):
    wrapper = ["bash", "-c", 'exec 3</etc/passwd 63<&3 500<&3 1000<&3; exec "$@"', "bash"]
    with start_agent(namespace, "-interface", "lo", wrapper=wrapper) as agent:
        targets = agent.descriptors().values()
    assert not [target for target in targets if "passwd" in target]


def test_process_is_not_dumpable_and_leaves_no_core(namespace):
    with start_agent(namespace, "-interface", "lo") as agent:
        assert os.stat(f"/proc/{agent.pid}/fd").st_uid == namespace.ROOT, "the user itself may look into it"
        limits = Path(f"/proc/{agent.pid}/limits").read_text().splitlines()
    core, = (line.split() for line in limits if line.startswith("Max core file size"))
    assert core[4:6] == ["0", "0"]


@pytest.mark.home("namespace")
def test_tracing_is_forbidden_before_the_packet_socket_is_open(namespace, tmp_path):
    log = tmp_path / "calls"
    strace = ("strace", "-D", "-o", log, "-e", "trace=prctl,prlimit64,setrlimit,capset,socket")
    with start_agent(namespace, "-interface", "lo", binary=installed(None), user=0, wrapper=strace) as agent:
        agent.stop()
        agent.wait_until(lambda: "+++ exited" in log.read_text(), message="the end of the log")
    calls = log.read_text()
    raised = min(calls.index("capset("), calls.index("AF_PACKET"))
    assert "PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0" in calls[:raised]
    assert re.search(r"RLIMIT_CORE, \{rlim_cur=0, rlim_max=0\}", calls[:raised])


def test_no_child_is_left(namespace):
    with start_agent(namespace, "-interface", "lo", "-filter", "host localhost") as agent:
        assert Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text() == ""


@pytest.mark.alone
def test_idle_capture_uses_next_to_no_cpu(namespace):
    with start_agent(namespace, "-interface", "lo", "-filter", "udp") as agent:
        time.sleep(0.2)
        before, wakes = run_time(agent), wake_ups(agent)
        time.sleep(3)
        used, woken = run_time(agent) - before, wake_ups(agent) - wakes
    assert used < 0.003, f"{used} s of CPU in 3 s"
    assert woken <= 10


def run_time(agent: Agent) -> float:
    """Seconds on a CPU."""
    return int(Path(f"/proc/{agent.pid}/schedstat").read_text().split()[0]) / 1e9


def wake_ups(agent: Agent) -> int:
    return int(agent.status()["voluntary_ctxt_switches"])


@pytest.mark.parametrize("size, count", [(60, 300_000), (9000, 20_000)])
def test_memory_does_not_grow_with_traffic(container, peer, size, count):
    for namespace in (container, peer):
        namespace.run("ip", "link", "set", "eth0", "mtu", "9000")
    with start_agent(container, "-interface", "eth0") as agent:
        agent.output.pause()
        send(peer, agent, 9000, 1_000, standstill=1.5)  # so that the queue is used to its end
        before = kilobytes(agent.status()["RssAnon"])
        send(peer, agent, size, count)
        after = kilobytes(agent.status()["RssAnon"])
        agent.stop()
    assert after <= before + 16 and after < RSS_ANON_MAX_KB


def send(peer: Namespace, agent: Agent, size: int, count: int, standstill: float = 0) -> None:
    """Packets that the agent has written when this returns. The reader takes nothing for `standstill` seconds more."""
    while count > 0:
        part = min(count, 12_000_000 // (size + 140))  # for which the ring has room
        count -= part
        expected = agent.output.size + part * (16 + size)
        with Pktgen(peer, "eth0", part, size, rate=100_000 if size < 1000 else 5_000) as generator:
            generator.wait()
        time.sleep(standstill)
        agent.output.resume()
        assert agent.output.wait_for_size(expected, 20)


def test_memory_is_full_sized_at_the_start(namespace):
    """No allocation later: the size of the address space stays what it was."""
    with start_agent(namespace, "-interface", "lo") as agent:
        before = agent.status()["VmSize"]
        with Pktgen(namespace, "lo", 100_000, 1000, rate=50_000) as generator:
            generator.wait()
        assert agent.status()["VmSize"] == before
        agent.stop()


def kilobytes(value: str) -> int:
    number, unit = value.split()
    assert unit == "kB"
    return int(number)
