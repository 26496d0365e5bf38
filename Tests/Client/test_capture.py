"""What all instances saw, in one file."""

from __future__ import annotations

import gzip
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from checks import check_with_tools, first_fields, in_order, same_packets
from client import Client
from foundation import Application, Foundation, HTTPLoad, Tcpdump, agents, request
from harness import Pcap, read_pcap
from pcapng import Pcapng, read_pcapng

REQUESTS = 200


def capture_under_load(foundation: Foundation, demo: Application, folder: Path, *arguments: object):
    """The client's result, and what tcpdump saw beside each instance. A busy machine may hold packets up for seconds."""
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        beside = [stack.enter_context(Tcpdump(instance, folder / f"beside-{index}"))
                  for index, instance in enumerate(instances)]
        running = stack.enter_context(Client(foundation, folder, "demo", "--hold", "10", *arguments))
        running.wait_until_capturing(*instances)
        request(instances, REQUESTS)
        result = running.stop()
        expected = [tcpdump.stop() for tcpdump in beside]
    assert all(len(capture.packets) > REQUESTS for capture in expected)
    return result, expected


def check_pcapng(capture: Pcapng, expected: list[Pcap]) -> None:
    by_name = sorted(capture.interfaces, key=lambda interface: interface.name)
    assert [interface.name for interface in by_name] == ["web/0 eth0", "web/1 eth0", "web/2 eth0"]
    for interface, beside in zip(by_name, expected):
        same_packets(capture.of(interface.name), beside)
        assert interface.statistic(5) == 0
        assert interface.statistic(4) == len(beside.packets)


def test_pcapng_holds_each_packet_once_with_its_instance(foundation, demo, folder):
    result, expected = capture_under_load(foundation, demo, folder, "-o", "all.pcapng")
    assert result.status == 0, result.stderr
    capture = result.pcapng("all.pcapng")
    in_order(capture.packets)
    check_pcapng(capture, expected)
    for interface in capture.interfaces:
        instance = demo.processes[0].instances[int(interface.name[4])]
        assert "demo" in interface.description and instance.guid in interface.description
    assert b"cf-pcap" in b"".join(capture.options.values())
    check_with_tools(folder / "all.pcapng")
    names = first_fields(folder / "all.pcapng", "frame.interface_name")
    assert names == [capture.interfaces[packet.interface].name for packet in capture.packets]


def test_pcap_holds_each_packet_once(foundation, demo, folder):
    result, expected = capture_under_load(foundation, demo, folder)
    assert result.status == 0, result.stderr
    capture = result.pcap()
    in_order(capture.packets)
    assert sorted(packet.data for packet in capture.packets) == sorted(
        packet.data for beside in expected for packet in beside.packets)
    check_with_tools(folder / "capture.pcap")


def test_zstd_holds_the_same(foundation, demo, folder):
    result, expected = capture_under_load(foundation, demo, folder, "-o", "all.pcapng.zst")
    assert result.status == 0, result.stderr
    plain = subprocess.run(["zstd", "-dc", folder / "all.pcapng.zst"], capture_output=True, check=True).stdout
    check_pcapng(read_pcapng(plain), expected)
    (folder / "plain.pcapng").write_bytes(plain)
    check_with_tools(folder / "plain.pcapng")


def test_gzip_holds_the_same(foundation, demo, folder):
    result, expected = capture_under_load(foundation, demo, folder, "-o", "all.pcap.gz")
    assert result.status == 0, result.stderr
    capture = read_pcap(gzip.decompress((folder / "all.pcap.gz").read_bytes()))
    assert len(capture.packets) == sum(len(beside.packets) for beside in expected)
    check_with_tools(folder / "all.pcap.gz")


@pytest.mark.parametrize("format", ["pcap", "pcapng"])
def test_tshark_reads_it_live_from_a_pipe(foundation, demo, folder, format):
    instances = demo.processes[0].instances
    with open(folder / "packets", "wb") as packets, open(folder / "notes", "wb") as notes:
        tshark = subprocess.Popen(["tshark", "-l", "-n", "-r", "-", "-Y", "http.request"],
                                  stdin=subprocess.PIPE, stdout=packets, stderr=notes)
        with Client(foundation, folder, "demo", "-o", "-", "--format", format, stdout=tshark.stdin) as running:
            tshark.stdin.close()
            running.wait_until_capturing(*instances)
            with HTTPLoad(instances[0], 20), HTTPLoad(instances[2], 20):
                running.wait_until(lambda: (folder / "packets").stat().st_size > 0, 30, "tshark shows a request")
            result = running.stop()
        assert tshark.wait(10) == 0
    assert result.status == 0, result.stderr
    complaints = [line for line in (folder / "notes").read_text().splitlines() if "Running as user" not in line]
    assert not complaints, complaints


@pytest.mark.parametrize("arguments, kept", [([], 65_549), (["--snaplen", "0"], 65_549), (["--snaplen", "100"], 100)])
def test_longest_packets_are_whole_and_truncated_ones_are_told(foundation, solo, folder, arguments, kept):
    """A datagram of the longest on lo is longer than the agent's default snaplen, by 14 bytes."""
    instance, = solo.processes[0].instances
    with Client(foundation, folder, "solo", "--interface", "lo", "-f", "udp port 9", *arguments) as running:
        running.wait_until_capturing(instance)
        with instance.container.inside.socket() as sender:
            for _ in range(20):
                with suppress(ConnectionRefusedError):
                    sender.sendto(bytes(65_507), ("127.0.0.1", 9))
        result = running.stop()
    assert result.status == 0, result.stderr
    lengths = {(len(packet.data), packet.length) for packet in result.pcap().packets}
    assert lengths == {(kept, 65_549)}
    told = [line for line in result.lines if line.startswith("web/0: ") and "20 truncated" in line]
    assert len(told) == (1 if kept == 100 else 0), result.stderr


def test_messages_are_those_of_the_proposal(foundation, demo, folder):
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        result = running.stop()
    assert result.stdout == b""
    assert result.lines[0] == "Starting capture on all instances."
    assert "Capturing, press ^C to stop..." in result.lines
    assert "Saved capture to 'capture.pcap'." in result.lines


@pytest.mark.parametrize("arguments, chosen, text", [
    (["-i", "1"], [1], "1"), (["-i", "0,2"], [0, 2], "0,2"), (["-i", "0-1"], [0, 1], "0-1"),
    (["-i", "0", "--app-instance-index", "2"], [0, 2], "0,2"),
])
def test_chosen_instances(foundation, demo, folder, arguments, chosen, text):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", *arguments, "-o", "some.pcapng") as running:
        running.wait_until_capturing(*(instances[index] for index in chosen))
        assert len(agents(instances)) == len(chosen)
        result = running.stop()
    assert result.status == 0, result.stderr
    assert result.lines[0] == f"Starting capture on instances: {text}."
    assert sorted(interface.name for interface in result.pcapng("some.pcapng").interfaces) == [
        f"web/{index} eth0" for index in chosen]


@pytest.mark.parametrize("process, names", [("worker", ["worker/0 lo"]), ("all", ["web/0 lo", "web/1 lo", "worker/0 lo"])])
def test_other_processes(foundation, folder, process, names):
    app = foundation.push("two", web=2, worker=1)
    instances = [instance for each in app.processes if process in ("all", each.type) for instance in each.instances]
    with Client(foundation, folder, "two", "--process", process, "--interface", "lo", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        result = running.stop()
    assert result.status == 0, result.stderr
    assert sorted(interface.name for interface in result.pcapng("x.pcapng").interfaces) == names


def test_options_reach_the_agents(foundation, demo, folder):
    instances = demo.processes[0].instances
    arguments = ["-f", "tcp dst port 8080", "--snaplen", "66", "-k", "-o", "x.pcapng"]
    with Client(foundation, folder, "demo", *arguments) as running:
        running.wait_until_capturing(*instances)
        answered, = request([instances[1]], 50)
        result = running.stop()
    assert result.status == 0, result.stderr
    capture = result.pcapng("x.pcapng")
    assert {interface.filter for interface in capture.interfaces} == {"tcp dst port 8080"}
    # Interfaces of one file have one snaplen, which libpcap asks for.
    assert {interface.snaplen for interface in capture.interfaces} == {262144}
    packets = capture.of("web/1 eth0")
    assert len(packets) == len(capture.packets) > answered
    assert max(len(packet.data) for packet in packets) == 66 < max(packet.length for packet in packets)


def test_host_key_is_validated_unless_told_otherwise(foundation, demo, folder):
    one, other, _ = demo.processes[0].instances
    one.claimed_host_key = other.host_key
    with Client(foundation, folder, "demo", "-i", "0") as running:
        result = running.wait()
    assert result.status == 1
    assert "host key" in result.told("web/0") and "operator" in result.told("web/0")
    with Client(foundation, folder, "demo", "-i", "0", "-k") as running:
        running.wait_until_capturing(one)
        assert running.stop().status == 0


def test_file_names_the_app_and_its_instances_addresses(foundation, solo, folder):
    """Wireshark and tshark show the names with `-N n`."""
    with Client(foundation, folder, "solo", "-o", "x.pcapng", "--on-file", ": secret {}") as running:
        running.wait_until_capturing(*solo.processes[0].instances)
        with HTTPLoad(solo.processes[0].instances[0], 50) as load:
            load.wait_for(20)
        result = running.stop()
    capture = result.pcapng("x.pcapng")
    assert capture.names == {bytes([10, 77, 0, 2]): "web-0.solo"}
    comment = capture.options[1].decode()
    assert comment.startswith("app solo, space test-space, org ") and "://" in comment
    assert comment.endswith("cf-pcap-client 'solo' '-o' 'x.pcapng' '--on-file' '…'")
    done = subprocess.run(["tshark", "-N", "n", "-r", folder / "x.pcapng", "-T", "fields", "-e", "ip.host"],
                          capture_output=True, text=True, check=True)
    assert "web-0.solo" in done.stdout
