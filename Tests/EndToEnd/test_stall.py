"""A reader, or the agent itself, that pauses: the ring takes up what comes meanwhile, and what it cannot is counted."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import pytest

from harness import Agent, Collector, Namespace, Pktgen, find, in_time, repeated, start_agent
from harness.pcap import read_uniform

SIZE = 100
RATE = 100_000

pytestmark = pytest.mark.alone


@contextlib.contextmanager
def capture(container: Namespace, interface: str = "eth0") -> Iterator[tuple[Agent, Collector]]:
    """A live capture into a pipe, and its reader."""
    reader, writer = os.pipe()
    output = Collector(reader)
    with start_agent(container, "-interface", interface, "-filter", "udp", stdout=writer, live=False) as agent:
        os.close(writer)
        assert output.wait_for_size(24, 5)
        yield agent, output


@repeated
def test_stall_of_500_ms_at_100000_packets_a_second_loses_nothing(container, peer):
    count = 2 * RATE
    with capture(container) as (agent, output):
        with Pktgen(peer, "eth0", count, SIZE, rate=RATE) as generator:
            assert output.wait_for_size(1_000_000, 5)
            with in_time(0.8):
                output.pause()
                time.sleep(0.5)
                output.resume()
            assert generator.wait() == count
        assert output.wait_for_size(24 + count * (16 + SIZE), 15)
        result = agent.stop()
    assert result.status == 0
    assert find(result.log, "INFO", "stopped capture")["dropped"] == "0"
    assert read_uniform(output.finish(), SIZE) == list(range(count))


# A reader that stands still, and what 3 MB/s and 100 packets a second bring meanwhile. A block of the ring is retired when
# its time is over, however empty it is: behind a reader that takes nothing not the ring's size is short, but its time.
@pytest.mark.home("namespace")
@pytest.mark.parametrize("seconds, rate", [(1, 2_000), (2, 2_000), (3, 2_000), (10, 100)])
def test_stall_of_a_slow_link_loses_nothing(container, peer, seconds, rate):
    size, count = 1500, rate * (seconds + 1)
    with capture(container) as (agent, output):
        with Pktgen(peer, "eth0", count, size, rate=rate) as generator:
            assert output.wait_for_size(24 + rate // 5 * (16 + size), 15)
            output.pause()
            time.sleep(seconds)
            output.resume()
            assert generator.wait() == count
        assert output.wait_for_size(24 + count * (16 + size), 15)
        result = agent.stop()
    assert result.status == 0
    assert find(result.log, "INFO", "stopped capture")["dropped"] == "0"
    assert read_uniform(output.finish(), size) == list(range(count))


@pytest.mark.home("container")
def test_stall_of_10_s_loses_what_the_log_says(container, peer):
    count = 12 * RATE
    with capture(container) as (agent, output):
        with Pktgen(peer, "eth0", count, SIZE, rate=RATE) as generator:
            assert output.wait_for_size(1_000_000, 5)
            output.pause()
            warning = agent.wait_for_log("kernel dropped packets, they come faster than they are taken", 8)
            warned = time.monotonic() - agent.started
            time.sleep(max(0, 10 - warned))
            output.resume()
            assert generator.wait() == count
        time.sleep(0.5)
        result = agent.stop()
    assert result.status == 0
    assert warning.level == "WARN" and int(warning["dropped"]) > 0
    numbers = read_uniform(output.finish(), SIZE)
    assert all(one < other for one, other in zip(numbers, numbers[1:]))
    stopped = find(result.log, "INFO", "stopped capture")
    assert int(stopped["dropped"]) > count // 4
    assert int(stopped["packets"]) == len(numbers)
    assert int(stopped["packets"]) + int(stopped["dropped"]) == count
    assert "lost" not in stopped.attributes


@pytest.mark.parametrize("interface", ["lo", "any"])
def test_packets_that_come_back_to_their_sender_are_counted_once(container, interface):
    """The kernel shows a packet on lo twice: as it is sent, and as it is received."""
    count = 6 * RATE
    with capture(container, interface) as (agent, output):
        output.pause()
        with Pktgen(container, "lo", count, SIZE) as generator:
            assert generator.wait() == count
        size = output.size
        output.resume()
        assert output.wait_for_size(size + 2_000_000, 10)
        result = agent.stop()
    stopped = find(result.log, "INFO", "stopped capture")
    assert int(stopped["dropped"]) > 0
    assert int(stopped["packets"]) + int(stopped["dropped"]) == count
    header = 6 if interface == "any" else 0  # LINUX_SLL2's 20 bytes instead of Ethernet's 14
    assert int(stopped["packets"]) == len(read_uniform(output.finish(), SIZE + header))


def test_warning_of_dropped_packets_comes_once(container, peer):
    with capture(container) as (agent, output):
        output.pause()
        with Pktgen(peer, "eth0", 400_000, SIZE) as generator:
            generator.wait()
        agent.wait_for_log("kernel dropped packets, they come faster than they are taken")
        output.resume()
        time.sleep(0.5)
        output.pause()
        with Pktgen(peer, "eth0", 400_000, SIZE) as generator:
            generator.wait()
        time.sleep(0.5)
        output.resume()
        time.sleep(0.5)
        result = agent.stop()
    warnings = [line for line in result.log if line.level == "WARN" and line.message.startswith("kernel dropped")]
    assert len(warnings) == 1
    stopped = find(result.log, "INFO", "stopped capture")
    assert int(stopped["packets"]) + int(stopped["dropped"]) == 800_000
    assert int(stopped["packets"]) == len(read_uniform(output.finish(), SIZE))


@repeated
def test_packets_dropped_after_the_stop_are_not_counted(container, peer):
    """They would not be captured if there were room."""
    count = 20_000
    with capture(container) as (agent, output):
        output.pause()
        with Pktgen(peer, "eth0", count, SIZE) as generator:
            assert generator.wait() == count
        with in_time(4):
            with in_time(0.9):
                agent.send_signal(signal.SIGINT)
                agent.wait_for_log("received signal, stopping capture")
                agent.send_signal(signal.SIGSTOP)
            with Pktgen(peer, "eth0", 400_000, SIZE) as generator:
                assert generator.wait() == 400_000
            size = output.size
            output.resume()
            assert output.wait_for_size(size + 1, 5)
            agent.send_signal(signal.SIGCONT)
        result = agent.wait(10)
    assert result.status == 0
    stopped = find(result.log, "INFO", "stopped capture")
    assert stopped["dropped"] == "0" and int(stopped["packets"]) >= count
    assert not [line for line in result.log if line.message.startswith("kernel dropped")]
    assert read_uniform(output.finish(), SIZE)[:count] == list(range(count))


def test_agent_that_is_stopped_and_continued_loses_nothing(container, peer):
    count = 40_000
    with start_agent(container, "-interface", "eth0", "-filter", "udp") as agent:
        with Pktgen(peer, "eth0", count, SIZE, rate=40_000) as generator:
            for _ in range(3):
                time.sleep(0.1)
                agent.send_signal(signal.SIGSTOP)
                time.sleep(0.2)
                agent.send_signal(signal.SIGCONT)
            generator.wait()
        result = agent.stop()
    assert result.status == 0
    assert read_uniform(result.stdout, SIZE) == list(range(count))
