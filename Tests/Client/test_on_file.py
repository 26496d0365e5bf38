"""Complete files that a person's command gets."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from checks import check_with_tools, is_refused
from client import Client
from harness.faults import small_disk
from harness.process import is_running
from sessions.container import wait_until
from test_rotate import files, last_number, send_numbers


def capture(foundation, folder: Path, *words: object, count: int = 6000):
    with Client(foundation, folder, "demo", "--hold", "10", "--rotate", "50KB", "-o", "web.pcapng", *words) as running:
        wait_until(lambda: last_number(folder) == count - 1, 60, "the last packet")
        return running.stop()


def test_each_complete_file_is_handed_on_in_order(foundation, demo, folder, liars):
    send_numbers(demo, liars, 6000)
    result = capture(foundation, folder, "--on-file", "capinfos -Mc {} >> done && echo done {}")
    assert result.status == 0, result.stderr
    paths = files(folder)
    assert len(paths) > 5
    assert [line for line in result.lines if line.startswith("done ")] == [f"done {path.name}" for path in paths]
    assert result.stdout == b""
    text = (folder / "done").read_text()
    assert sum(int(line.split()[-1]) for line in text.splitlines() if "Number of packets" in line) == 6000


def test_the_only_file_is_handed_on_when_it_is_complete(foundation, solo, folder):
    with Client(foundation, folder, "solo", "-o", "x.pcap", "--on-file", "mv {} y.pcap") as running:
        running.wait_until_capturing(*solo.processes[0].instances)
        result = running.stop()
    assert result.status == 0, result.stderr
    assert [path.name for path in folder.iterdir()] == ["y.pcap"]
    assert result.pcap("y.pcap").packets is not None


@pytest.mark.parametrize("command, end", [
    ("case {} in *_00002_*) exit 3 ;; esac", "exit status 3"),
    ("case {} in *_00002_*) kill -9 $$ ;; esac", "signal 9"),
    ("case {} in *_00002_*) no-such-program ;; esac", "exit status 127")])
def test_command_that_fails_is_told_and_the_others_follow(foundation, demo, folder, liars, command, end):
    send_numbers(demo, liars, 6000)
    result = capture(foundation, folder, "--on-file", f"{command} && echo {{}} >> handed")
    told = [line for line in result.lines if line.startswith("error: ")]
    assert result.status == 1 and len(told) == 1, result.stderr
    assert "_00002_" in told[0] and told[0].endswith(end)
    assert len((folder / "handed").read_text().splitlines()) == len(files(folder)) - 1


def test_command_that_hangs_is_waited_for_until_another_signal(foundation, demo, folder, liars):
    send_numbers(demo, liars, 6000)
    command = "case {} in *_00002_*) trap '' TERM; sleep 1000 & echo $! > child; wait; sleep 1000 ;; esac"
    with Client(foundation, folder, "demo", "--hold", "10", "--rotate", "50KB", "-o", "web.pcapng", "--on-file", command) as running:
        wait_until(lambda: last_number(folder) == 5999, 60, "the last packet: the capture does not wait")
        wait_until(lambda: (folder / "child").exists(), 20, "the command")
        running.process.send_signal(2)
        running.wait_for_message("Waiting for --on-file", "_00002_", "^C ends it")
        time.sleep(1)
        assert running.running
        result = running.stop(timeout=10)
    assert result.status == 1
    told = next(line for line in result.lines if "--on-file has not ended for" in line)
    assert "_00001_" not in told and "_00002_" in told and "_00003_" in told
    child = int((folder / "child").read_text())
    wait_until(lambda: not is_running(child), 5, "what the command has started has ended")
    for path in files(folder):
        check_with_tools(path)


def test_first_signal_of_all_ends_the_wait_for_a_command(foundation, solo, folder):
    with Client(foundation, folder, "solo", "--duration", "2s", "-o", "x.pcap", "--on-file", "sleep 1000; : {}") as running:
        running.wait_for_message("Waiting for --on-file")
        result = running.stop(timeout=10)
    assert result.status == 1 and "--on-file has not ended for 'x.pcap'" in result.stderr
    check_with_tools(folder / "x.pcap")


def test_command_that_is_too_slow_loses_the_oldest_files(foundation, demo, folder, liars):
    send_numbers(demo, liars, 12_000, pause=0.01)
    with Client(foundation, folder, "demo", "--hold", "10", "--rotate", "50KB", "--keep", "2", "-o", "web.pcapng",
                "--on-file", "while [ ! -e go ]; do sleep 0.05; done; echo {} >> handed") as running:
        wait_until(lambda: last_number(folder) == 11_999, 60, "the last packet")
        assert len(files(folder)) <= 5
        (folder / "go").touch()
        result = running.stop()
    assert result.status == 1
    assert "--on-file is too slow: 'web_00002_" in result.stderr
    handed = (folder / "handed").read_text().splitlines()
    assert "_00001_" in handed[0] and handed == sorted(handed) and 3 <= len(handed) <= 6
    assert handed[-1] == files(folder)[-1].name


def test_full_disk_hands_on_what_is_whole(foundation, demo, folder, liars):
    send_numbers(demo, liars, 30_000, pause=0.01)
    with small_disk(512) as disk:
        os.set_inheritable(disk, True)
        command = f"capinfos -Mc {{}} >> '{folder}/counts'"
        words = ("demo", "--rotate", "100KB", "-o", f"/proc/self/fd/{disk}/web.pcapng", "--on-file", command)
        with Client(foundation, folder, *words, pass_fds=[disk]) as running:
            result = running.wait(60)
        assert result.status == 1 and "no space left" in result.stderr
        count = len(files(Path(f"/proc/self/fd/{disk}")))
    # The command has no descriptor of the client's: the disk has no other name.
    assert count >= 4
    assert sum("--on-file" in line for line in result.lines) >= count


@pytest.mark.parametrize("words, remedy", [
    (["--on-file", "gzip"], "write {} there"), (["--on-file", "gzip {}", "-o", "-"], "name one with --output"),
    (["--on-file", "gzip {}", "--wireshark"], "name one with --output")])
def test_commands_that_get_no_file_are_refused_before_any_session(foundation, solo, folder, words, remedy):
    is_refused(foundation, folder, "solo", *words, words=[remedy])
