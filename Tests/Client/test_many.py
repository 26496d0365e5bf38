"""Fifty instances at once. Takes minutes: `pytest Tests/Client -m long`."""

from __future__ import annotations

import os
import struct
import subprocess
import threading
import time
from contextlib import ExitStack

import pytest

from checks import check_with_tools, in_order
from client import Client
from foundation import HTTPLoad, Pktgen, agents
from sessions.container import wait_until

COUNT = 50
MEMORY_KILOBYTES = 60_000  # PSS

pytestmark = [pytest.mark.breaks, pytest.mark.long, pytest.mark.seconds(300)]


@pytest.fixture
def many(foundation):
    return foundation.push("many", web=COUNT).processes[0].instances


def test_fifty_instances_under_http_load(foundation, many, folder, show):
    with Client(foundation, folder, "many", "-f", "tcp port 8080", "-o", "x.pcapng") as running:
        began = time.monotonic()
        running.wait_until_capturing(*many, timeout=90)
        started = time.monotonic() - began
        with ExitStack() as stack:
            loads = [stack.enter_context(HTTPLoad(instance, 4)) for instance in many]
            time.sleep(10)
            memory = running.proportional_kilobytes()
            answered = [load.stop() for load in loads]
        began = time.monotonic()
        running.process.send_signal(2)
        gone = wait_until(lambda: not agents(many), 10, "no agent is left")
        result = running.wait(20)
        ended = time.monotonic() - began
    assert result.status == 0, result.stderr
    capture = result.pcapng("x.pcapng")
    in_order(capture.packets)
    requests = {f"web/{index} eth0": count for index, count in enumerate(answered)}
    captured = dict.fromkeys(requests, 0)
    for packet in capture.packets:
        captured[capture.interfaces[packet.interface].name] += b"GET /" in packet.data
    assert captured == requests
    check_with_tools(folder / "x.pcapng")
    show(f"{COUNT} instances under HTTP load: {started:.1f} s until all captured, {sum(requests.values())} requests, "
         f"{len(capture.packets)} packets, memory {memory / 1000:.1f} MB, agents gone {gone:.2f} s after SIGINT, ended after {ended:.2f} s")
    assert memory < MEMORY_KILOBYTES


def test_fifty_instances_that_send_more_than_can_be_read(foundation, many, folder, show):
    """A reader that takes 2 MB/s: what the agents cannot hand over stays with them."""
    reader, writer = os.pipe()
    with Client(foundation, folder, "many", "-o", "-", "--format", "pcapng", stdout=writer) as running:
        os.close(writer)
        threading.Thread(target=read_slowly, args=(reader, 2_000_000), daemon=True).start()
        running.wait_until_capturing(*many, timeout=90)
        with ExitStack() as stack:
            senders = [stack.enter_context(Pktgen(instance, rate=200, count=2_000)) for instance in many]
            sent = sum(sender.wait() for sender in senders)
        memory = running.proportional_kilobytes()
        running.process.send_signal(2)
        result = running.wait(45)  # what the instances still hold comes for 30 s at most
    show(f"{COUNT} instances, {sent} packets into a reader of 2 MB/s: memory {memory / 1000:.1f} MB, status {result.status}")
    assert memory < MEMORY_KILOBYTES


def test_fifty_streams_as_fast_as_they_can_be_read(foundation, folder, show, tmp_path):
    """Without SSH in between, which is slower than the client."""
    app = foundation.push("fast", web=1)
    process = app.processes[0]
    file = tmp_path / "stream.pcap"
    write_stream(file, 200_000)
    process.instances *= COUNT
    # All begin together: behind 20 MB no packet waits for an instance whose session begins seconds later.
    (tmp_path / "begun").mkdir()
    wait = f"touch {tmp_path}/begun/$$; until [ -e {tmp_path}/all ]; do sleep 0.1; done"
    stream = f"head -c 24 {file}; {wait}; tail -c +25 {file}; cat > /dev/null"
    process.instances[0].ssh_answer = {"run": ["sh", "-c", stream]}
    with Client(foundation, folder, "fast", "-o", "x.pcapng") as running:
        total = COUNT * 200_000
        wait_until(lambda: len(os.listdir(tmp_path / "begun")) == COUNT, 120, "all sessions have begun")
        time.sleep(1)
        began = time.monotonic()
        (tmp_path / "all").touch()
        running.wait_until(lambda: (folder / "x.pcapng").exists() and (folder / "x.pcapng").stat().st_size > total * 132, 120,
                           "all has been written")
        seconds = time.monotonic() - began
        memory = running.proportional_kilobytes()
        cost = running.processor_seconds() / total * 1e6
        result = running.stop()
    process.instances[:] = process.instances[:1]
    show(f"{COUNT} streams of 200,000 packets at once: {seconds:.1f} s, {cost:.3f} us of processor time a packet, "
         f"memory {memory / 1000:.1f} MB, status {result.status}")
    # These have no stamps out of order.
    done = subprocess.run(["capinfos", "-TMr", "-co", folder / "x.pcapng"], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-2:] == [str(total), "True"], result.stderr
    assert memory < MEMORY_KILOBYTES


def read_slowly(descriptor: int, bytes_per_second: int) -> None:
    while os.read(descriptor, bytes_per_second // 20):
        time.sleep(0.05)
    os.close(descriptor)


def write_stream(file, count: int) -> None:
    """Packets of 100 bytes, 10 microseconds apart."""
    record = struct.Struct("=IIII100s")
    begin = int(time.time())
    with open(file, "wb") as stream:
        stream.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number in range(count):
            microseconds = number * 10
            stream.write(record.pack(begin + microseconds // 1_000_000, microseconds % 1_000_000, 100, 100, number.to_bytes(8)))
