"""The shortest proof that an agent works, and its words where it may not."""

from __future__ import annotations

from pathlib import Path

from harness import Namespace, Sink, check_with_tcpdump, find, send_numbered, start_agent

# linux/capability.h: version 2, CAP_NET_RAW permitted, and nothing else.
NET_RAW_PERMITTED = bytes.fromhex("0000000200200000000000000000000000000000")


def assert_captures(namespace: Namespace, binary: Path) -> None:
    """Run by an ordinary user, it captures all packets."""
    with Sink(namespace), start_agent(namespace, "-interface", "lo", "-filter", "udp", binary=binary) as agent:
        assert agent.running, agent.stderr.decode()
        numbers = send_numbered(namespace, "127.0.0.1", 20)
        result = agent.stop(timeout=30)
    assert result.status == 0 and result.pcap.numbers == numbers
    check_with_tcpdump(result.stdout)


def refusal(namespace: Namespace, binary: Path, **options) -> str:
    """The error with which it refuses to capture."""
    with start_agent(namespace, "-interface", "lo", binary=binary, **options) as agent:
        result = agent.wait(2)
    assert result.status == 1 and result.stdout == b""
    return find(result.log, "ERROR", "failed to set up capture")["error"]
