"""The fault recorder at full size: two minutes of 20,000 packets a second. `pytest Tests/Client -m long`."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from client import Client
from foundation import Pktgen, sent_number
from pcapng import read_pcapng
from test_triggers import CLOSED_PORT, RESET, cause_reset, fields_of_set

RATE, SECONDS = 20_000, 120
BEFORE, AFTER = 40, 20
MEMORY_KILOBYTES = 60_000

pytestmark = [pytest.mark.long, pytest.mark.seconds(400)]


def test_set_holds_what_led_to_a_reset_and_came_after_it_without_a_gap(foundation, demo, folder, show):
    instances = demo.processes[0].instances
    arguments = ["--rotate", "5s", "--keep", "10", "--until", RESET, "--after", f"{AFTER}s", "--snaplen", "64",
                 "-o", "x.pcapng", "-f", f"udp port 9 or port {CLOSED_PORT}"]
    rate = RATE // len(instances)
    with ExitStack() as stack:
        running = stack.enter_context(Client(foundation, folder, "demo", *arguments))
        running.wait_until_capturing(*instances)
        for instance in instances:
            stack.enter_context(Pktgen(instance, rate=rate, count=rate * SECONDS, size=200))
        memory = 0
        end = time.monotonic() + random.uniform(60, SECONDS - AFTER - 5)
        while time.monotonic() < end:
            memory = max(memory, running.proportional_kilobytes())
            assert len(list(folder.iterdir())) <= 12, "ten files, the present one, and the one that is being removed"
            time.sleep(0.5)
        cause_reset(instances[1])
        while running.running:
            memory = max(memory, running.proportional_kilobytes())
            time.sleep(0.5)
        result = running.wait()
    assert result.status == 0, result.stderr
    files = sorted(folder.iterdir())
    assert all(file.name.startswith("x_") and file.suffix == ".pcapng" for file in files)
    assert not list((foundation.folder / "tmp").iterdir()), "nothing is left of private copies"
    event, = fields_of_set(folder, "frame.comment && tcp.flags.reset == 1")
    first, last, count = check_numbers(files, rate)
    assert event - first >= BEFORE and AFTER - 0.1 < last - event <= AFTER
    show(f"flight recorder, {RATE:,} packets/s: {len(files)} files, {count:,} packets from {event - first:.1f} s before "
         f"the reset to {last - event:.3f} s after it, memory {memory / 1000:.1f} MB (PSS)")
    assert memory < MEMORY_KILOBYTES


def check_numbers(files: list[Path], rate: int) -> tuple[float, float, int]:
    """Whether each instance's numbers follow each other from the first file to the last one; the times of the first and last
    packet in seconds since 1970, and the number of packets."""
    following: dict[str, int] = {}
    times, count = [], 0
    for file in files:
        capture = read_pcapng(file.read_bytes())
        for packet in capture.packets:
            number = sent_number(packet.data)
            if number is not None:
                name = capture.interfaces[packet.interface].name
                assert following.setdefault(name, number) == number, f"a gap in {name} in {file.name}"
                following[name] = number + 1
        times += [capture.packets[0].microseconds / 1e6, capture.packets[-1].microseconds / 1e6]
        count += len(capture.packets)
    assert len(following) == 3 and count > rate * 3 * (BEFORE + AFTER) * 0.9
    return times[0], times[-1], count
