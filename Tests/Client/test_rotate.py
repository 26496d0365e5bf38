"""Sets of files: their names, limits and ends."""

from __future__ import annotations

import os
import random
import re
import struct
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from checks import check_with_tools, is_refused
from client import Client
from foundation import HTTPLoad, agents
from harness.faults import small_disk
from pcapng import Pcapng, PcapngError, read_pcapng
from sessions.container import wait_until

NAME = re.compile(r"web_(\d{5})_\d{14}\.pcapng")

# Every instance sends its share of the numbers, with time stamps that tell the order among all.
NUMBERS = """
import select
for start in range({index}, {count}, 3 * {burst}):
    data = b""
    for number in range(start, min({count}, start + 3 * {burst}), 3):
        time_stamp = 1_700_000_000_000_000 + number * 10
        packet = bytes(50) + number.to_bytes(4, "big")
        data += struct.pack("=IIII", time_stamp // 10**6, time_stamp % 10**6, len(packet), len(packet)) + packet
    send(data)
    # Ends when the client asks for the end.
    if select.select([0], [], [], {pause})[0]:
        sys.exit(0)
wait()
"""


def send_numbers(demo, liars, count: int, burst: int = 100, pause: float = 0.0) -> None:
    for index, instance in enumerate(demo.processes[0].instances):
        body = NUMBERS.format(index=index, count=count, burst=burst, pause=pause)
        instance.ssh_answer = liars("send(header())\ntime.sleep(0.5)\n" + body)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))


def numbers(capture: Pcapng) -> list[int]:
    return [struct.unpack(">I", packet.data[-4:])[0] for packet in capture.packets]


def last_number(folder: Path) -> int:
    """The last number in the set; -1 while there is none, or its packet is being written."""
    with suppress(PcapngError, OSError, IndexError):
        return numbers(read_pcapng(files(folder)[-1].read_bytes()))[-1]
    return -1


def captured(foundation, folder: Path, count: int, *words: str):
    with Client(foundation, folder, "demo", "--hold", "10", *words) as running:
        running.wait_for_message("Capturing")
        if "--rotate" in words:
            wait_until(lambda: last_number(folder) == count - 1, 120, "the last packet")
        else:
            time.sleep(3)
        return running.stop()


def fields(path: Path) -> list[str]:
    words = ["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.interface_name", "-e", "data.data"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def test_set_merged_equals_the_same_capture_in_one_file(foundation, demo, folder, liars):
    count = 12_000
    send_numbers(demo, liars, count)
    result = captured(foundation, folder, count, "--rotate", "100KB", "-o", "web.pcapng")
    assert result.status == 0, result.stderr
    assert "A new file begins after 100 KB, the first is 'web_00001_" in result.stderr
    one = captured(foundation, folder, count, "-o", "one.pcapng")
    assert one.status == 0
    paths = files(folder)
    assert len(paths) >= 10 and [int(NAME.fullmatch(path.name)[1]) for path in paths] == list(range(1, len(paths) + 1))
    assert f"Saved capture to {len(paths)} files, '{paths[0].name}' to '{paths[-1].name}'." in result.lines
    for path in paths:
        capture = read_pcapng(path.read_bytes())
        assert sorted(interface.name for interface in capture.interfaces) == ["web/0 eth0", "web/1 eth0", "web/2 eth0"]
        assert path.stat().st_size <= 100_000
        check_with_tools(path)
    subprocess.run(["mergecap", "-w", folder / "merged", *paths], check=True)
    assert fields(folder / "merged") == fields(folder / "one.pcapng")
    assert numbers(read_pcapng((folder / "one.pcapng").read_bytes())) == list(range(count))


@pytest.mark.long
def test_a_thousand_files_have_each_packet_once(foundation, demo, folder, liars):
    count = 110_000
    send_numbers(demo, liars, count)
    assert captured(foundation, folder, count, "--rotate", "10KB", "-o", "web.pcapng").status == 0
    paths = files(folder)
    assert len(paths) >= 1000
    assert [number for path in paths for number in numbers(read_pcapng(path.read_bytes()))] == list(range(count))


def test_stop_while_files_are_closed_leaves_whole_files(foundation, demo, folder, liars):
    """Some 100 files a second; the stop comes at any moment of that."""
    send_numbers(demo, liars, 3_000_000, burst=30, pause=0.01)
    for attempt in range(5):
        place = folder / str(attempt)
        place.mkdir()
        words = ("--rotate", "10KB", "-o", "web.pcapng", "--on-file", "echo {} >> handed")
        with Client(foundation, place, "demo", *words) as running:
            wait_until(lambda: len(files(place)) > 20, 60, "files")
            time.sleep(random.uniform(0, 0.1))
            result = running.stop()
        found = [number for path in files(place) for number in numbers(read_pcapng(path.read_bytes()))]
        assert sorted(found) == list(dict.fromkeys(sorted(found))), "a packet stands there twice"
        for index in range(3):
            share = [number for number in found if number % 3 == index]
            assert share == list(range(index, share[-1] + 1, 3)), "a packet is missing"
        told = [line for line in result.lines if "is complete" in line]
        names = [path.name for path in files(place)]
        assert [line.split("'")[1] for line in told] == names
        assert (place / "handed").read_text().splitlines() == names


def test_time_begins_new_files(foundation, solo, folder):
    with Client(foundation, folder, "solo", "--rotate", "1GB,1s", "-o", "web.pcapng") as running:
        running.wait_until_capturing(*solo.processes[0].instances)
        with HTTPLoad(solo.processes[0].instances[0], 100):
            time.sleep(5)
        result = running.stop()
    assert result.status == 0
    assert "after 1 GB or 1 second, whichever comes first" in result.stderr
    assert 4 <= len(files(folder)) <= 7
    for path in files(folder):
        times = [packet.microseconds for packet in read_pcapng(path.read_bytes()).packets]
        assert times and times[-1] - times[0] < 2_000_000


def test_keep_leaves_the_latest_beside_the_last(foundation, demo, folder, liars):
    count = 12_000
    send_numbers(demo, liars, count)
    result = captured(foundation, folder, count, "--rotate", "100KB", "--keep", "3", "-o", "web.pcapng")
    assert result.status == 0
    assert "; the last 3 that are complete are kept beside it." in result.stderr
    paths = files(folder)
    assert len(paths) == 4
    assert re.search(r"Saved capture to 4 files, .* \(\d+ older ones were removed, as --keep says\)\.", result.stderr)
    found = [number for path in paths for number in numbers(read_pcapng(path.read_bytes()))]
    assert found == list(range(found[0], count)) and found[0] > 0


def test_no_run_goes_on_with_the_set_of_another(foundation, solo, folder):
    for name in ("capture_00001_20261130013000.pcapng", "web_00007_20261130013000.pcapng"):
        (folder / name).write_bytes(b"old")
    with Client(foundation, folder, "solo", "--rotate", "1m", "-o", "web.pcapng") as running:
        result = running.wait()
    assert result.status == 1
    assert "web_00007_20261130013000.pcapng" in result.stderr and "--output" in result.stderr
    assert not any(request.startswith("ssh") for request in foundation.requests)
    with Client(foundation, folder, "solo", "--rotate", "1m") as running:
        running.wait_until_capturing(*solo.processes[0].instances)
        assert running.stop().status == 0
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 3 and names[0].startswith("capture-1_00001_") and names[0].endswith(".pcapng")


@pytest.mark.parametrize("arguments, words", [
    (["-o", "-"], ["standard output", "--rotate"]), (["--force"], ["--force", "--rotate"]), (["--keep", "0"], ["--keep"]),
    (["--rotate", "100"], ["--rotate", "'100'"]), (["-o", "/dev/stdout"], ["standard output", "--rotate"]),
    (["-o", "/dev//stdout"], ["standard output", "--rotate"]), (["-o", "/dev/null", "--format", "pcapng"], ["'/dev/null'", "no file"]),
    (["-o", "captures/", "--format", "pcapng"], ["'captures/'", "folder"]),
])
def test_what_cannot_rotate_is_refused_before_any_session(foundation, solo, folder, arguments, words):
    is_refused(foundation, folder, "solo", "--rotate", "1m", *arguments, words=words)


def test_full_disk_takes_the_oldest_file_early(foundation, demo, folder, liars):
    count = 30_000
    send_numbers(demo, liars, count, pause=0.01)
    with small_disk(1024) as disk:
        os.set_inheritable(disk, True)
        place = f"/proc/self/fd/{disk}"
        words = ("demo", "--hold", "10", "--rotate", "100KB", "--keep", "50", "-o", f"{place}/web.pcapng")
        with Client(foundation, folder, *words, pass_fds=[disk]) as running:
            running.wait_for_message("no space left: the oldest file", "web_00001_", "is removed early")
            wait_until(lambda: last_number(Path(place)) == count - 1, 60, "the last packet")
            result = running.stop()
        assert result.status == 0, result.stderr
        paths = files(Path(place))
        found = [number for path in paths for number in numbers(read_pcapng(path.read_bytes()))]
    assert found == list(range(found[0], count)) and found[0] > 0
    assert 7 <= len(paths) <= 11


def test_full_disk_without_keep_ends_everything_with_whole_files(foundation, demo, folder, liars):
    send_numbers(demo, liars, 30_000, pause=0.01)
    with small_disk(512) as disk:
        os.set_inheritable(disk, True)
        place = f"/proc/self/fd/{disk}"
        words = ("demo", "--rotate", "100KB", "-o", f"{place}/web.pcapng")
        with Client(foundation, folder, *words, pass_fds=[disk]) as running:
            result = running.wait(60)
        assert result.status == 1 and "no space left" in result.stderr
        found = [number for path in files(Path(place)) for number in numbers(read_pcapng(path.read_bytes()))]
    assert len(found) > 3000 and found == list(range(len(found)))
    wait_until(lambda: not agents(demo.processes[0].instances), 10, "no agent is left")


def test_compressed_set_is_whole(foundation, demo, folder, liars):
    count = 12_000
    send_numbers(demo, liars, count)
    with Client(foundation, folder, "demo", "--hold", "10", "--rotate", "10KB", "-o", "web.pcapng.zst") as running:
        running.wait_for_message("Wireshark 4.0 does not list the files of a set that is compressed")
        time.sleep(4)
        assert running.stop().status == 0
    paths = sorted(folder.glob("web_*.pcapng.zst"))
    found = []
    for path in paths:
        plain = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout
        found += numbers(read_pcapng(plain))
    assert len(paths) > 3 and found == list(range(count))
