"""Packets as lines of text and JSON, live, by tshark."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from checks import check_with_tools, is_refused
from client import Client
from foundation import HTTPLoad, Pktgen, agents, request, sent_number
from sessions.container import wait_until

LINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}) (web/\d) eth0 +(\S+) → (\S+) +(\S+) (\d+) (.*)$")


LEFT_OUT = re.compile(r"^(?:\((\d+) packets? left out\)|\{\"left_out\":(\d+)\})$")


def lines_of(running: Client) -> list[str]:
    return running.stdout.data.decode().splitlines()


def wait_until_all_is_shown(running: Client) -> None:
    """Until nothing more is printed: tshark makes some 25 kB of JSON of a large HTTP packet."""
    size = -1
    while size != (size := running.stdout.size):
        time.sleep(2)


def frame(packet: dict, name: str) -> str:
    return packet["layers"]["frame"][f"frame_frame_{name}"]


def test_text_has_a_line_for_each_packet_as_it_comes(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--text", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[2], 50):
            running.wait_until(lambda: any("web/2" in line and "GET /" in line for line in lines_of(running)), 30, "a request")
        result = running.stop()
    assert result.status == 0, result.stderr
    lines = result.stdout.decode().splitlines()
    assert all(LINE.match(line) for line in lines), next(line for line in lines if not LINE.match(line))
    packets = result.pcapng("x.pcapng").packets
    assert len(lines) == len(packets) > 20
    check_with_tools(folder / "x.pcapng")


def test_json_is_one_object_a_line_with_the_instance(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--json") as running:
        running.wait_until_capturing(*instances)
        request(instances, 5, rate=10)
        wait_until_all_is_shown(running)
        result = running.stop()
    assert result.status == 0, result.stderr
    packets = [json.loads(line) for line in result.stdout.decode().splitlines()]
    assert {frame(packet, "interface_name") for packet in packets} == {f"web/{index} eth0" for index in range(3)}
    assert all("timestamp" in packet and "layers" in packet for packet in packets) and len(packets) > 30
    assert not list(folder.iterdir()), "no file is written unless one is asked for"
    assert "Saved" not in result.stderr


@pytest.mark.parametrize("form", ["--text", "--json"])
def test_display_filter_chooses_what_is_shown_and_the_file_gets_all(foundation, demo, folder, form):
    instances = demo.processes[0].instances
    arguments = [form, "-Y", "http.response", "-o", "x.pcapng"]
    with Client(foundation, folder, "demo", *arguments) as running:
        running.wait_until_capturing(*instances)
        answered = sum(request(instances, 5, rate=10))
        wait_until_all_is_shown(running)
        result = running.stop()
    assert result.status == 0, result.stderr
    lines = result.stdout.decode().splitlines()
    assert len(lines) == answered and all("200" in line for line in lines)
    assert len(result.pcapng("x.pcapng").packets) > 3 * answered


def test_tshark_is_started_anew_and_no_packet_is_missing(foundation, demo, folder):
    instance = demo.processes[0].instances[0]
    count = 230_000
    arguments = ["-i", "0", "--text", "-f", "udp port 9", "--snaplen", "64"]
    with Client(foundation, folder, "demo", *arguments) as running:
        running.wait_until_capturing(instance)
        with Pktgen(instance, rate=10_000, count=count) as sender:
            sender.wait()
        result = running.stop(timeout=60)
    assert result.status == 0, result.stderr
    lines = result.stdout.decode().splitlines()
    assert len(lines) == count and "started anew every 200000 packets" in result.stderr


@pytest.mark.parametrize("form", [None, "--text", "--json"])
def test_lines_of_many_packets_hold_up_neither_the_capture_nor_the_file(foundation, demo, folder, show, form):
    """20,000 packets a second, of which tshark prints as many as it can."""
    instances = demo.processes[0].instances
    share = 35_000
    words = [form] if form else []
    with ExitStack() as stack:
        running = stack.enter_context(Client(foundation, folder, "demo", *words, "-f", "udp port 9", "-o", "x.pcapng"))
        running.wait_until_capturing(*instances)
        begin = time.monotonic()
        senders = [stack.enter_context(Pktgen(instance, rate=6_667, count=share, size=200)) for instance in instances]
        for sender in senders:
            sender.wait()
        sent = time.monotonic()
        wait_until(lambda: (folder / "x.pcapng").stat().st_size > 3 * share * 232, 20, "all packets in the file")
        behind = time.monotonic() - sent
        result = running.stop(timeout=30)
    capture = result.pcapng("x.pcapng")
    for index in range(3):
        numbers = [sent_number(packet.data) for packet in capture.of(f"web/{index} eth0")]
        assert numbers == list(range(share)), f"web/{index}: {len(numbers)} packets"
    assert re.search(rf"^all: {3 * share:,} packets, .*, 0 dropped$", result.stderr, re.M), result.stderr
    lines = result.stdout.decode().splitlines()
    left_out = sum(int(match[1] or match[2]) for line in lines if (match := LEFT_OUT.match(line)))
    shown = sum(not LEFT_OUT.match(line) for line in lines)
    show(f"{form or 'no lines'} at {3 * share / (sent - begin):,.0f} packets/s: all in the file {behind:.1f} s after the last, "
         f"{shown:,} shown, {left_out:,} left out, status {result.status}")
    assert not form or shown > 10_000 and shown + left_out == 3 * share


def test_slow_reader_of_text_holds_up_neither_the_capture_nor_the_file(foundation, demo, folder):
    instance = demo.processes[0].instances[0]
    count = 40_000
    reader, writer = os.pipe()
    arguments = ["-i", "0", "--text", "-f", "udp port 9", "-o", "x.pcapng"]
    with Client(foundation, folder, "demo", *arguments, stdout=writer) as running:
        os.close(writer)
        running.wait_until_capturing(instance)
        with Pktgen(instance, rate=20_000, count=count) as sender:
            sender.wait()
        wait_until(lambda: (folder / "x.pcapng").stat().st_size > count * 1400, 30, "all packets in the file")
        text = bytearray()
        running.process.send_signal(2)
        while piece := os.read(reader, 1 << 16):
            text += piece
        result = running.wait(30)
    assert len(result.pcapng("x.pcapng").packets) == count
    lines = text.decode().splitlines()
    left_out = sum(int(match[1].replace(",", "")) for match in re.finditer(r"^\(([\d,]+) packets? left out\)$", text.decode(), re.M))
    shown = sum(bool(LINE.match(line)) for line in lines)
    assert left_out > 0 and shown + left_out == count, (shown, left_out, result.stderr)
    assert "tshark was too slow for" in result.stderr


def test_reader_that_goes_ends_the_capture(foundation, demo, folder):
    instances = demo.processes[0].instances
    reader, writer = os.pipe()
    with Client(foundation, folder, "demo", "--text", stdout=writer) as running:
        os.close(writer)
        running.wait_until_capturing(*instances)
        os.close(reader)
        result = running.wait(20)
    assert result.status == 0 and "The reader of the output has gone." in result.stderr, result.stderr
    wait_until(lambda: not agents(instances), 10, "no agent is left")


TSHARK = "#!/bin/sh\n[ -z \"$CF_HOME\" ] || exit 7\ncase \"$*\" in *-Y*) exec /usr/bin/tshark \"$@\";; esac\nls /proc/self/fd > {folder}/fds\n{end}\n"


def test_tshark_gets_its_pipes_alone_and_its_failure_is_told(foundation, demo, folder):
    (folder / "bin").mkdir()
    program = folder / "bin/tshark"
    program.write_text(TSHARK.format(folder=folder, end="echo 'tshark: out of words' >&2; exit 5"))
    program.chmod(0o755)
    environment = {"PATH": f"{program.parent}:{foundation.environment['PATH']}"}
    with Client(foundation, folder, "demo", "--text", "-o", "x.pcapng", environment=environment) as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        running.wait_for_message("tshark has ended", "out of words")
        request(demo.processes[0].instances, 10)
        result = running.stop()
    assert result.status == 1, result.stderr
    assert len(result.pcapng("x.pcapng").packets) > 50, "the file is written on"
    assert set((folder / "fds").read_text().split()) <= {"0", "1", "2", "3"}, "3 is of ls itself"


@pytest.mark.parametrize("arguments, words", [
    (["--text", "--json"], ["--text", "--json"]),
    (["--text", "--wireshark"], ["--text", "--wireshark"]),
    (["--text", "-o", "-"], ["--text", "standard output"]),
    (["--text", "--format", "pcap"], ["--format", "--output"]),
    (["-Y", "http"], ["--display-filter", "--text"]),
    (["--text", "-Y", "http.nonsense == 1"], ["--display-filter 'http.nonsense == 1'", "http.nonsense"]),
    (["--text", "-Y", "tcp.port =="], ["--display-filter", "filter"]),
])
def test_what_has_no_meaning_is_refused_before_a_session(foundation, demo, folder, arguments, words):
    is_refused(foundation, folder, "demo", *arguments, words=words)


def test_no_tshark_is_refused_with_the_package_and_the_way_without(foundation, demo, folder):
    environment = {"PATH": f"{foundation.program.parent}:/nix"}
    with Client(foundation, folder, "demo", "--json", environment=environment) as running:
        result = running.wait(30)
    assert result.status == 2
    assert "package tshark" in result.stderr and "-o - --format pcap | tcpdump" in result.stderr
