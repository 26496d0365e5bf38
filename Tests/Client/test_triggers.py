"""Captures that end by what they see: a number of packets, a packet that a filter selects, an instance that crashes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from checks import check_with_tools, in_order, is_refused
from client import Client
from foundation import HTTPLoad, Instance, Pktgen, agents, sent_number
from harness.process import is_running
from sessions.container import ADDRESS, wait_until
from test_wireshark import tshark_of

CLOSED_PORT = 4711
RESET = f"(tcp[13]&4!=0 or (ip6[6]=6 and ip6[53]&4!=0)) and port {CLOSED_PORT}"
MATCHED = re.compile(r"^(\S+ \S+): the packet that --until waits for came at (\S+); the capture goes on for (.*)\.$", re.M)
PLACE = re.compile(r"^It is packet ([\d,]+) of '(.*)'\.$", re.M)


def cause_reset(instance: Instance) -> None:
    """Nobody listens at that port, which the instance's kernel says with a reset."""
    with instance.container.outside.socket(kind=socket.SOCK_STREAM) as connection, pytest.raises(ConnectionRefusedError):
        connection.connect((ADDRESS, CLOSED_PORT))


def fields(file: Path, expression: str, *names: str) -> list[list[str]]:
    """Those fields of the packets that a display filter selects, as tshark says them."""
    words = ["tshark", "-n", "-r", file, "-Y", expression, "-T", "fields", *(f"-e{name}" for name in names)]
    return [line.split("\t") for line in subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()]


@pytest.mark.parametrize("count", [1, 500])
def test_count_ends_with_exactly_that_many_packets_of_all_instances(foundation, demo, folder, count):
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        for instance in instances:
            stack.enter_context(HTTPLoad(instance, 200))
        running = stack.enter_context(Client(foundation, folder, "demo", "--count", count, "-o", "x.pcapng"))
        result = running.wait(60)
    assert result.status == 0, result.stderr
    capture = result.pcapng("x.pcapng")
    assert len(capture.packets) == count
    assert count == 1 or {packet.interface for packet in capture.packets} == {0, 1, 2}
    in_order(capture.packets)
    check_with_tools(folder / "x.pcapng")
    assert not agents(instances)


@pytest.mark.breaks
def test_nothing_is_waited_for_that_the_output_does_not_take(foundation, folder):
    """Over a slow link megabytes still come when the file has all that was asked for."""
    instance, = foundation.push("demo", web=1).processes[0].instances
    instance.slow_down(50)
    with Client(foundation, folder, "demo", "--count", 100, "-f", "udp port 9") as running:
        running.wait_until_capturing(instance)
        begin = time.monotonic()
        with Pktgen(instance, rate=20_000, count=4_000) as sender:
            sender.wait()
        result = running.wait(30)
    assert result.status == 0 and "error" not in result.stderr, result.stderr
    assert len(result.pcap().packets) == 100 and time.monotonic() - begin < 15
    assert re.search(r"^100 of the [\d,]+ packets that came are in the output", result.stderr, re.M), result.stderr
    wait_until(lambda: not agents([instance]), 10, "no agent is left")


def test_packet_that_the_filter_selects_is_marked_and_ends_the_capture_after_the_time(foundation, demo, folder):
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        running = stack.enter_context(
            Client(foundation, folder, "demo", "--until", RESET, "--after", "3s", "-o", "x.pcapng"))
        running.wait_until_capturing(*instances)
        loads = [stack.enter_context(HTTPLoad(instance, 50)) for instance in instances]
        for load in loads:
            load.wait_for(50)
        assert running.running
        cause_reset(instances[1])
        running.wait_for_message("the packet that --until waits for")
        result = running.wait(20)
    assert result.status == 0, result.stderr
    marked = fields(folder / "x.pcapng", "frame.comment", "frame.number", "frame.interface_name", "frame.time_epoch",
                    "tcp.flags.reset", "frame.comment")
    (number, interface, epoch, reset, comment), = marked
    assert (interface, reset) in (("web/1 eth0", "1"), ("web/1 eth0", "True"))
    assert comment == f"the first packet that --until '{RESET}' selects"
    told = MATCHED.search(result.stderr)
    assert told[1] == interface and told[3] == "3.0 s"
    seconds = f"{float(epoch):.6f}"
    assert told[2] == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(float(epoch)))) + f".{seconds.split('.')[1]}Z"
    place = PLACE.search(result.stderr)
    assert (place[1].replace(",", ""), place[2]) == (number, "x.pcapng")
    packets = result.pcapng("x.pcapng").packets
    in_order(packets)
    last = packets[-1].microseconds / 1e6 - float(epoch)
    assert 2.9 < last <= 3.0, "packets come all the time, so that the last one tells where it ended"
    check_with_tools(folder / "x.pcapng")
    assert not agents(instances)


def test_capture_ends_after_the_match_though_nothing_comes_any_more(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--until", RESET, "--after", "2s", "-f", f"port {CLOSED_PORT}") as running:
        running.wait_until_capturing(*instances)
        cause_reset(instances[2])
        result = running.wait(20)
    assert result.status == 0, result.stderr
    assert MATCHED.search(result.stderr)[1] == "web/2 eth0"
    assert PLACE.search(result.stderr)[1] == "2" and len(result.pcap().packets) == 2


@pytest.mark.parametrize("arguments", [[], ["--duration", "2s"], ["--count", "20"]])
def test_event_that_does_not_come_before_another_end_is_status_3(foundation, demo, folder, arguments):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--until", RESET, *arguments, "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[0], 50) as load:
            load.wait_for(10)
            result = running.wait(20) if arguments else running.stop()
    assert result.status == 3, result.stderr
    assert "--until" in result.lines[-2] and result.lines[-1] == "Saved capture to 'x.pcapng'."
    assert len(result.pcapng("x.pcapng").packets) == (20 if "--count" in arguments else len(result.pcapng("x.pcapng").packets))


@pytest.mark.parametrize("arguments, words", [
    (["--until", "tcp port"], ["--until 'tcp port'", "syntax error"]),
    (["--until", "host no-such-name.invalid"], ["no-such-name.invalid"]),
    (["--until", "ether host 2:2:2:2:2:2", "--interface", "any"], ["--until", "ether"]),
    (["--until", ""], ["--until", "empty"]),
    (["--after", "5s"], ["--after", "--until"]),
    (["--count", "0"], ["--count", "'0'"]),
    (["--count", "many"], ["--count", "'many'"]),
])
def test_wrong_trigger_is_refused_before_a_session(foundation, demo, folder, arguments, words):
    is_refused(foundation, folder, "demo", *arguments, words=words)


@pytest.mark.breaks
@pytest.mark.parametrize("arguments", [[], ["--no-follow"]])
def test_instance_that_crashes_ends_the_capture_after_the_time(foundation, folder, arguments):
    instances = foundation.push("demo", web=2).processes[0].instances
    with Client(foundation, folder, "demo", "--until", "crash", "--after", "3s", "-o", "x.pcapng", *arguments) as running:
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[0], 50):
            load = HTTPLoad(instances[1], 50)
            load.wait_for(20)
            load.kill()
            instances[1].crash()
            crashed = time.time()
            line = running.wait_for_message("web/1: the crash that --until waits for was told at")
            assert "crashed, Exited with status 137" in line
            result = running.wait(30)
    assert result.status == 0, result.stderr
    packets = result.pcapng("x.pcapng").packets
    assert packets[-1].microseconds / 1e6 - crashed > 2.5
    check_with_tools(folder / "x.pcapng")


@pytest.mark.breaks
def test_instance_that_is_replaced_has_crashed(foundation, folder):
    instances = foundation.push("demo", web=1).processes[0].instances
    with Client(foundation, folder, "demo", "--until", "crash", "--after", "1s") as running:
        running.wait_until_capturing(*instances)
        instances[0].replace()
        line = running.wait_for_message("web/0: the crash that --until waits for")
        assert "restarted" in line
        assert running.wait(30).status == 0


@pytest.mark.breaks
def test_session_that_is_cut_is_no_crash(foundation, folder):
    instances = foundation.push("demo", web=1).processes[0].instances
    with Client(foundation, folder, "demo", "--until", "crash", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        for pid in instances[0].agents():
            subprocess.run(["kill", "-KILL", str(pid)], check=True)
        running.wait_for_message("web/0: capturing again")
        time.sleep(3)
        result = running.stop()
    assert "crash" not in result.stderr.replace("--until", "") or "waits for came" not in result.stderr
    assert result.status in (1, 3) and "the crash that --until waits for was told" not in result.stderr


def test_display_filter_that_a_packet_passes_ends_the_capture_and_the_next_packet_says_so(foundation, demo, folder):
    instances = demo.processes[0].instances
    expression = f"tcp.flags.reset == 1 && tcp.port == {CLOSED_PORT}"
    arguments = ["--until-display", expression, "--after", "3s", "-o", "x.pcapng"]
    with ExitStack() as stack:
        running = stack.enter_context(Client(foundation, folder, "demo", *arguments))
        running.wait_until_capturing(*instances)
        for instance in instances:
            stack.enter_context(HTTPLoad(instance, 100)).wait_for(100)
        assert running.running
        cause_reset(instances[1])
        result = running.wait(30)
    assert result.status == 0, result.stderr
    (number, interface, epoch), = fields(folder / "x.pcapng", expression, "frame.number", "frame.interface_name", "frame.time_epoch")
    told = re.search(r"^(\S+ \S+): the packet that --until-display waits for came at (\S+);", result.stderr, re.M)
    assert told[1] == interface == "web/1 eth0" and told[2].endswith(f"{float(epoch):.6f}"[-3:] + "Z")
    place = re.search(r"^It is packet ([\d,]+) of 'x.pcapng'; packet ([\d,]+) has a comment\.$", result.stderr, re.M)
    assert place[1].replace(",", "") == number
    (marked, comment), = fields(folder / "x.pcapng", "frame.comment", "frame.number", "frame.comment")
    assert marked == place[2].replace(",", "") and int(marked) > int(number)
    assert f"came {int(marked) - int(number)} packets before this one, from web/1 eth0" in comment
    last = result.pcapng("x.pcapng").packets[-1].microseconds / 1e6 - float(epoch)
    assert 2.9 < last <= 3.0
    check_with_tools(folder / "x.pcapng")


@pytest.mark.parametrize("arguments, place", [([], "of 'x.pcapng'"), (["--rotate", "1m"], "of all files together")])
def test_packet_behind_which_none_comes_is_told_with_its_number(foundation, demo, folder, arguments, place):
    """Two packets come, of which tshark finds the second one when both are in the file."""
    instances = demo.processes[0].instances
    arguments = ["--until-display", "tcp.flags.reset == 1", "-f", f"port {CLOSED_PORT}", "-o", "x.pcapng", *arguments]
    with Client(foundation, folder, "demo", *arguments) as running:
        running.wait_until_capturing(*instances)
        cause_reset(instances[1])
        result = running.wait(30)
    assert result.status == 0, result.stderr
    assert f"It is packet 2 {place}; it has no comment, since no packet came after it." in result.lines


def test_display_filter_finds_the_one_failure_among_ten_thousand_requests(foundation, demo, folder):
    """What is kept of all packets is less than may wait for tshark, so that it sees the failure on any machine."""
    instances = demo.processes[0].instances
    expression = "http.response.code == 503"
    arguments = ["--until-display", expression, "-f", "tcp port 8080", "--snaplen", "300", "-o", "x.pcapng"]
    with ExitStack() as stack:
        running = stack.enter_context(Client(foundation, folder, "demo", *arguments))
        running.wait_until_capturing(*instances)
        loads = [stack.enter_context(HTTPLoad(instance, 500)) for instance in instances]
        wait_until(lambda: sum(load.answered for load in loads) > 9_000, 60, "nine thousand answers")
        assert running.running
        with instances[2].container.outside.socket(kind=socket.SOCK_STREAM) as connection:
            connection.connect((ADDRESS, 8080))
            connection.sendall(b"GET /fail HTTP/1.1\r\nHost: demo.example.org\r\n\r\n")
            assert b"503" in connection.recv(1000)
        wait_until(lambda: sum(load.answered for load in loads) > 10_000, 60, "ten thousand answers")
        result = running.wait(30)
    assert result.status == 0, result.stderr
    (number, interface), = fields(folder / "x.pcapng", expression, "frame.number", "frame.interface_name")
    assert interface == "web/2 eth0"
    place = re.search(r"^It is packet ([\d,]+) of 'x.pcapng'", result.stderr, re.M)
    assert place[1].replace(",", "") == number and int(number) > 20_000


def test_display_filter_that_nothing_passes_is_status_3_and_a_wrong_one_is_refused(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--until-display", "http.response.code == 503", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[0], 50) as load:
            load.wait_for(20)
        result = running.stop()
    assert result.status == 3 and "--until-display" in result.lines[-2], result.stderr
    with Client(foundation, folder, "demo", "--until-display", "http.nonsense == 1") as running:
        result = running.wait(30)
    assert result.status == 2 and "http.nonsense" in result.stderr


def test_flight_recorder_keeps_what_led_to_the_event_and_came_after_it_without_a_gap(foundation, demo, folder):
    """Files of 2 s, of which the last three are kept. pktgen numbers its packets behind the UDP header."""
    instances = demo.processes[0].instances
    arguments = ["--rotate", "2s", "--keep", "3", "--until", RESET, "--after", "4s", "--snaplen", "64", "-o", "x.pcapng",
                 "-f", f"udp port 9 or port {CLOSED_PORT}"]
    with ExitStack() as stack:
        running = stack.enter_context(Client(foundation, folder, "demo", *arguments))
        running.wait_until_capturing(*instances)
        for instance in instances:
            stack.enter_context(Pktgen(instance, rate=2_000, count=60_000))
        time.sleep(13)
        cause_reset(instances[1])
        result = running.wait(30)
    assert result.status == 0, result.stderr
    captures = [result.pcapng(file.name) for file in sorted(folder.glob("x_*.pcapng"))]
    assert 3 < len(captures) < 8 and not list(folder.glob("x_00001_*")), "the first files have gone"
    packets = [(capture.interfaces[packet.interface].name, packet) for capture in captures for packet in capture.packets]
    event, = fields_of_set(folder, "frame.comment && tcp.flags.reset == 1")
    for index in range(3):
        numbers = [number for name, packet in packets
                   if name == f"web/{index} eth0" and (number := sent_number(packet.data)) is not None]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) and len(numbers) > 10_000
    first, last = packets[0][1].microseconds / 1e6, packets[-1][1].microseconds / 1e6
    assert event - first > 4 and 3.9 < last - event <= 4.0


def fields_of_set(folder: Path, expression: str) -> list[float]:
    """The times of the packets of a set that a display filter selects."""
    return [float(time) for file in sorted(folder.glob("x_*.pcapng")) for time, in fields(file, expression, "frame.time_epoch")]


def test_display_filter_whose_tshark_dies_ends_the_capture(foundation, demo, folder):
    """Nobody looks for the event any more: the capture would go on for ever."""
    with Client(foundation, folder, "demo", "--until-display", "http.response.code == 599", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        running.wait_until(lambda: tshark_of(running), 20, "tshark reads")
        os.kill(tshark_of(running), signal.SIGKILL)
        result = running.wait(20)
    assert result.status != 0 and "--until-display waits for nothing any more" in result.stderr, result.stderr
    check_with_tools(folder / "x.pcapng")
    assert not agents(demo.processes[0].instances)


def test_display_filter_that_tshark_is_too_slow_for_warns_while_it_captures(foundation, demo, folder):
    """This tshark checks the filter, and then reads nothing."""
    (folder / "bin").mkdir()
    program = folder / "bin/tshark"
    program.write_text(f"#!/bin/sh\ncase \"$*\" in *'-T fields'*) echo $$ > {folder}/pid; exec sleep 1000 ;; esac\nexec /usr/bin/tshark \"$@\"\n")
    program.chmod(0o755)
    environment = {"PATH": f"{program.parent}:{foundation.environment['PATH']}"}
    instance, count = demo.processes[0].instances[0], 40_000
    arguments = ["-i", "0", "-f", "udp port 9", "--until-display", "http.response.code == 599", "-o", "x.pcapng"]
    with Client(foundation, folder, "demo", *arguments, environment=environment) as running:
        running.wait_until_capturing(instance)
        with Pktgen(instance, rate=20_000, count=count) as sender:
            sender.wait()
        running.wait_for_message("warning: tshark is too slow", "--until-display may miss its event", "--filter", timeout=20)
        wait_until(lambda: (folder / "x.pcapng").stat().st_size > count * 1400, 20, "the file has all packets")
        result = running.stop()
    assert result.status == 3, result.stderr
    assert len(result.pcapng("x.pcapng").packets) == count
    hung = [*map(int, (folder / "pid").read_text().split())]
    assert hung and not any(is_running(pid) for pid in hung), "a tshark that hangs does not outlive the client"


@pytest.mark.breaks
@pytest.mark.parametrize("arguments", [[], ["--no-follow"]])
def test_all_instances_that_crash_at_once_are_one_event(foundation, folder, arguments):
    instances = foundation.push("demo", web=2).processes[0].instances
    with Client(foundation, folder, "demo", "--until", "crash", "--after", "2s", *arguments) as running:
        running.wait_until_capturing(*instances)
        for instance in instances:
            instance.crash()
        running.wait_for_message("the crash that --until waits for was told at")
        result = running.wait(30)
    assert result.status == 0, result.stderr
    assert sum("crashed as well" in line for line in result.lines) == 1, result.stderr


@pytest.mark.parametrize("arguments", [[], ["--duration", "2s"]])
def test_number_of_packets_that_does_not_come_is_told_and_is_status_3(foundation, demo, folder, arguments):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--count", "100000", *arguments, "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[0], 50) as load:
            load.wait_for(10)
            result = running.wait(20) if arguments else running.stop()
    assert result.status == 3, result.stderr
    count = len(result.pcapng("x.pcapng").packets)
    assert count > 10
    assert result.lines[-2] == f"warning: {count} of the 100000 packets that --count asks for came before the end: exit status 3"


def test_filter_that_looks_behind_what_is_kept_is_warned_of(foundation, demo, folder):
    with Client(foundation, folder, "demo", "--until", "ip6[53]&4!=0", "--snaplen", "60") as running:
        line = running.wait_for_message("--until 'ip6[53]&4!=0' looks at the first 68 bytes of a packet")
        assert "--snaplen 60" in line
        running.stop()
