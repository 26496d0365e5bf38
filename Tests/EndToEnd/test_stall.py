"""A reader, or the agent itself, that pauses: the ring takes up what comes meanwhile, and what it cannot is counted."""

from __future__ import annotations

import os
import signal
import time

from harness import Collector, Pktgen, find, start_agent
from harness.pcap import read_uniform

SIZE = 100
RATE = 100_000
ETH0_UDP = ("-interface", "eth0", "-filter", "udp")


def test_stall_of_500_ms_at_100000_packets_a_second_loses_nothing(container, peer):
    count = 2 * RATE
    reader, writer = os.pipe()
    output = Collector(reader)
    with start_agent(container, *ETH0_UDP, stdout=writer, live=False) as agent:
        os.close(writer)
        assert output.wait_for_size(24, 5)
        with Pktgen(peer, "eth0", count, SIZE, rate=RATE) as generator:
            assert output.wait_for_size(1_000_000, 5)
            output.pause()
            time.sleep(0.5)
            output.resume()
            assert generator.wait() == count
        assert output.wait_for_size(24 + count * (16 + SIZE), 15)
        result = agent.stop()
    assert result.status == 0
    assert find(result.log, "INFO", "stopped capture")["dropped"] == "0"
    assert read_uniform(output.finish(), SIZE) == list(range(count))


def test_stall_of_10_s_loses_what_the_log_says(container, peer):
    count = 12 * RATE
    reader, writer = os.pipe()
    output = Collector(reader)
    with start_agent(container, *ETH0_UDP, stdout=writer, live=False) as agent:
        os.close(writer)
        assert output.wait_for_size(24, 5)
        with Pktgen(peer, "eth0", count, SIZE, rate=RATE) as generator:
            assert output.wait_for_size(1_000_000, 5)
            output.pause()
            warning = agent.wait_for_log("kernel dropped packets, the reader of standard output is too slow", 8)
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


def test_warning_of_dropped_packets_comes_once(container, peer):
    reader, writer = os.pipe()
    output = Collector(reader, paused=True)
    with start_agent(container, *ETH0_UDP, stdout=writer) as agent:
        os.close(writer)
        with Pktgen(peer, "eth0", 400_000, SIZE) as generator:
            generator.wait()
        agent.wait_for_log("kernel dropped packets, the reader of standard output is too slow", 2)
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


def test_agent_that_is_stopped_and_continued_loses_nothing(container, peer):
    count = 40_000
    with start_agent(container, *ETH0_UDP) as agent:
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
