"""How a capture ends."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from contextlib import ExitStack

import pytest

from checks import check_with_tools, in_order
from client import Client
from foundation import HTTPLoad, Pktgen, agents, live_agents
from harness.process import is_running
from sessions.container import wait_until

REQUESTS = 100


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_all_agents_at_once_with_their_last_packets(foundation, demo, folder, number):
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        running = stack.enter_context(Client(foundation, folder, "demo", "-o", "x.pcapng", "--hold", "10"))
        running.wait_until_capturing(*instances)
        loads = [stack.enter_context(HTTPLoad(instance)) for instance in instances]
        for load in loads:
            load.wait_for(REQUESTS)
        running.process.send_signal(number)
        wait_until(lambda: not agents(instances), 10, "all agents have ended")
        result = running.wait()
        for load in loads:
            load.stop()
    assert result.status == 0, result.stderr  # so that no session was cut
    capture = result.pcapng("x.pcapng")
    in_order(capture.packets)
    for interface in capture.interfaces:
        packets = capture.of(interface.name)
        assert len(packets) > REQUESTS
        assert interface.statistic(4) == len(packets), "the agent's count"
    check_with_tools(folder / "x.pcapng")


def test_killed_client_leaves_no_agent(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        children = running.children()
        assert len(children) == 3
        running.kill()
        wait_until(lambda: not agents(instances), 10, "no agent is left")
        assert_gone(children)


@pytest.mark.breaks
def test_second_signal_ends_at_once(foundation, demo, folder):
    """The first cannot be carried out, for a session does not end."""
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        instances[1].cut()
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert running.running
        children = running.children()
        result = running.stop(timeout=10)
    assert result.seconds < 3
    assert_gone(children)
    check_with_tools(folder / "capture.pcap")
    instances[1].mend()
    wait_until(lambda: not agents(instances), 10, "no agent is left")


@pytest.mark.breaks
def test_stop_that_arrives_as_two_signals_ends_in_order(foundation, demo, folder):
    """As where a terminal closes: the shell passes SIGHUP on, and the kernel sends another. One session takes its time."""
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        instances[1].cut()
        running.process.send_signal(signal.SIGHUP)
        time.sleep(0.05)
        running.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        instances[1].mend()
        result = running.wait()
    assert result.status == 0, result.stderr
    assert "error" not in result.stderr


@pytest.mark.parametrize("first", ["signal", "reader"])
def test_signal_that_reaches_the_reader_of_the_output_too_ends_in_order(foundation, demo, folder, first):
    """As ^C in a pipeline does, without a plugin's foreground."""
    reader, writer = os.pipe()
    with Client(foundation, folder, "demo", "-o", "-", stdout=writer) as running:
        os.close(writer)
        running.wait_until_capturing(*demo.processes[0].instances)
        if first == "reader":
            os.close(reader)
            running.wait_for_message("The reader of the output has gone.")
        running.process.send_signal(signal.SIGINT)
        if first == "signal":
            os.close(reader)
        result = running.wait()
    assert result.status == 0, result.stderr
    assert "error" not in result.stderr
    assert not agents(demo.processes[0].instances)


@pytest.mark.breaks
def test_session_that_does_not_end_is_waited_for_five_seconds_at_most(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        instances[1].cut()
        children = running.children()
        result = running.stop()
    assert result.seconds < 10
    assert_gone(children)
    assert result.status == 1
    assert "web/1" in result.stderr
    check_with_tools(folder / "capture.pcap")


@pytest.mark.breaks
@pytest.mark.parametrize("count", [1_400, 2_000])
def test_slow_link_brings_all_that_was_captured_by_the_stop(foundation, demo, folder, count):
    """At 300 kB/s the last packets come seconds after the agent has ended: 2 MB of them stand in SSH's buffers."""
    instance = demo.processes[0].instances[0]
    instance.slow_down(300)
    with Client(foundation, folder, "demo", "-i", "0", "--filter", "udp port 9") as running:
        running.wait_until_capturing(instance)
        with Pktgen(instance, rate=20_000, count=count) as sender:
            sender.wait()
        result = running.stop(timeout=40)
    assert result.status == 0, result.stderr
    assert len(result.pcap().packets) == count, result.stderr
    assert "Waiting for the last packets of web/0" in result.stderr
    assert 4 < result.seconds < 30


@pytest.mark.breaks
def test_slow_link_that_cannot_bring_all_loses_a_number_that_is_told(foundation, demo, folder):
    """More stands in the instance than 4.5 s of the agent and 30 s of the client bring over the link."""
    instance = demo.processes[0].instances[0]
    instance.slow_down(50)
    with Client(foundation, folder, "demo", "-i", "0", "--filter", "udp port 9") as running:
        running.wait_until_capturing(instance)
        with Pktgen(instance, rate=20_000, count=14_000) as sender:
            sender.wait()
        result = running.stop(timeout=45)
    assert result.status == 1
    assert 29 < result.seconds < 35
    check_with_tools(folder / "capture.pcap")
    assert "web/0: error: it was cut while packets still came: " in result.stderr


def test_signal_before_anything_is_captured(foundation, demo, folder):
    for delay in (0.05, 0.2, 0.4):
        with Client(foundation, folder, "demo", "--force") as running:
            time.sleep(delay)
            result = running.stop()
        wait_until(lambda: not agents(demo.processes[0].instances), 10, "no agent is left")
        assert result.status in (0, 1, 130, -signal.SIGINT), result.stderr
        if (folder / "capture.pcap").exists():
            check_with_tools(folder / "capture.pcap")
    assert not list((foundation.folder / "tmp").iterdir())


@pytest.mark.parametrize("duration, seconds", [("4s", 4), ("5", 5)])
def test_duration(foundation, solo, folder, duration, seconds):
    with Client(foundation, folder, "solo", "--duration", duration) as running:
        running.wait_for_message("Capturing, press ^C to stop...")
        began = time.monotonic()
        result = running.wait()
    assert seconds - 2.5 < time.monotonic() - began < seconds + 6
    assert result.status == 0, result.stderr
    assert not agents(solo.processes[0].instances)


def test_duration_ends_though_no_capture_ever_begins(foundation, demo, folder, liars):
    for instance in demo.processes[0].instances:
        instance.ssh_answer = liars("wait()")
    with Client(foundation, folder, "demo", "--no-follow", "--duration", "1s") as running:
        began = time.monotonic()
        result = running.wait(timeout=30)
    assert 10.5 < time.monotonic() - began < 20
    assert result.status == 1
    assert all(len(result.lines_on(f"web/{index}", "error")) == 1 for index in range(3))


@pytest.mark.parametrize("duration", ["0", "-1s", "soon", "60x", "1e400s"])
def test_duration_that_is_none(foundation, demo, folder, duration):
    with Client(foundation, folder, "demo", f"--duration={duration}") as running:
        result = running.wait()
    assert result.status != 0
    assert duration in result.stderr and "--duration" in result.stderr


def test_private_home_is_removed_and_the_users_own_is_as_it_was(foundation, demo, folder):
    instances = demo.processes[0].instances
    configuration = foundation.home / ".cf/config.json"
    temporary = foundation.folder / "tmp"
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        assert list(temporary.rglob(".cf/config.json"))
        assert [path.stat().st_mode & 0o777 for path in temporary.iterdir()] == [0o700]
        changed = configuration.read_text().replace('"test-space"', '"other-space"')
        configuration.write_text(changed)
        assert running.stop().status == 0
    assert configuration.read_text() == changed, "a cf target made during a capture is not undone"
    assert not list(temporary.iterdir())


def test_private_home_that_a_killed_run_left_is_removed_by_the_next(foundation, demo, folder):
    instances = demo.processes[0].instances
    temporary = foundation.folder / "tmp"
    with Client(foundation, folder, "demo") as one, Client(foundation, folder, "demo", "-o", "other.pcap") as other:
        wait_until(lambda: len(live_agents(instances)) == 6, 60, "both capture")
        one.kill()
        left_behind = set(temporary.iterdir())
        assert len(left_behind) == 2
        wait_until(lambda: len(agents(instances)) == 3, 10, "the killed one's agents are gone")
        with Client(foundation, folder, "demo", "-o", "third.pcap") as third:
            wait_until(lambda: len(live_agents(instances)) == 6, 60, "both capture")
            assert len(left_behind & set(temporary.iterdir())) == 1, "that of the run that still runs is left alone"
            assert third.stop().status == 0
        assert other.stop().status == 0
    assert not list(temporary.iterdir())


def test_nothing_of_the_run_is_in_the_way_of_the_next(foundation, demo, folder):
    """Its children are in sessions of their own, and gone with it."""
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        for child in running.children():
            assert os.getsid(child) == child != os.getsid(running.pid)
        children = running.children()
        assert running.stop().status == 0
    assert_gone(children)


def assert_gone(processes: list[int]) -> None:
    """Such as a `cf` whose connection is dead: by itself it would notice after minutes."""
    assert processes
    wait_until(lambda: not any(map(is_running, processes)), 10, "no cf is left")


FLOOD = "packets = record(b'x' * 1000) * 256\nsend(header())\nwhile True: send(packets)"


@pytest.mark.breaks
def test_instance_that_sends_without_end_is_cut_behind_what_an_agent_holds(foundation, folder, liars, show):
    process = foundation.push("demo", web=1).processes[0]
    foundation.pretend(process, liars(FLOOD))
    with Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcap") as running:
        running.wait_until_capturing(process.instances[0])
        running.wait_until(lambda: (folder / "x.pcap").stat().st_size > 1_000_000, 20, "it sends")
        before = (folder / "x.pcap").stat().st_size
        result = running.stop(timeout=40)
    grown = (folder / "x.pcap").stat().st_size - before
    show(f"flood after ^C: {result.seconds:.1f} s, {grown / 1e6:.0f} MB")
    assert result.status == 1
    assert "web/1: error: it sent more than 64.0 MB after the stop" in result.stderr
    assert result.seconds < 15 and grown < 150_000_000
    check_with_tools(folder / "x.pcap")


@pytest.mark.breaks
def test_reader_that_takes_nothing_is_told_and_not_waited_for_longer_than_outputs_are(foundation, folder):
    instances = foundation.push("demo", web=2).processes[0].instances
    reader, writer = os.pipe()
    with ExitStack() as stack:
        running = stack.enter_context(Client(foundation, folder, "demo", "-o", "-", stdout=writer))
        os.close(writer)
        running.wait_until_capturing(*instances)
        for instance in instances:
            stack.enter_context(Pktgen(instance, rate=2_000, count=4_000)).wait()
        time.sleep(1)
        result = running.stop(timeout=45)
        os.close(reader)
    assert result.status == 1
    assert "'standard output' is not read: it has taken nothing for " in result.stderr, result.stderr
    assert "did not end in time" not in result.stderr
    assert 4 < result.seconds < 12
    wait_until(lambda: not agents(instances), 10, "no agent is left")


def test_signal_ends_the_wait_for_a_file_that_cannot_be_opened(foundation, demo, folder):
    """Whoever has a lease on a file holds up those who open it, for 45 seconds (fcntl(2))."""
    file = folder / "x.pcap"
    file.write_bytes(b"")
    holder = os.open(file, os.O_RDONLY)
    previous = signal.signal(signal.SIGIO, signal.SIG_IGN)
    fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    try:
        with Client(foundation, folder, "demo", "--force", "-o", "x.pcap") as running:
            time.sleep(2)
            result = running.stop(timeout=20)
    finally:
        fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        signal.signal(signal.SIGIO, previous)
        os.close(holder)
    assert result.status == 1 and result.seconds < 6
    assert result.lines == ["error: the output could not be opened before the end was asked for"]
