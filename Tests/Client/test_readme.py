"""The command lines of README and CONTRIBUTING, each run as it stands: by bash, for an app whose name is APP."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import BINARY
from foundation import Foundation, HTTPLoad
from foundation.instance import HTTP_PORT
from foundation.traffic import LOAD
from harness import REPOSITORY, Collector, Namespace, check_with_tcpdump, home, http_exchange, read_pcap
from sessions.container import wait_until

COMMANDS = re.compile(r"    (\$ )?(cf|scripts/|/tmp/lifecycle/|tshark|tcpdump|wireshark|pkill|kill|grep|timeout|nohup)\b.*")
STOP = 'cf ssh APP -c "pkill -INT cf-pcap"'
INTO_A_PIPE = 'cf ssh APP -c "/tmp/lifecycle/cf-pcap -interface lo" > /dev/null'
ANSWER = re.compile(r"    (\w+:\s+.*)")

# What stands for a desktop program: it takes a few packets, as someone would who then closes the window.
WIRESHARK = """#!/bin/sh
[ "$*" = "-k -i -" ] || exit 9
exec tshark -r - -c 5 > wireshark.log
"""


def command_lines() -> list[str]:
    """Those in blocks of code, without what is explained behind them."""
    lines = [line for name in ("README.md", "CONTRIBUTING.md") for line in (REPOSITORY / name).read_text().splitlines()]
    return [re.sub(r"  +# .*", "", line.strip().removeprefix("$ ")) for line in lines if COMMANDS.fullmatch(line)]


LINES = command_lines()
# They run on while others are tried: a minute each.
OF_A_MINUTE = [line for line in LINES if " 60 " in line or " 60s " in line]
# What runs this test; its parts have run by now, or will.
OF_ALL_TESTS = [line for line in LINES if re.fullmatch(r"scripts/test(-package)?( lint unit| unit --filter NAME)?", line)]
OF_SOME_TESTS = [line for line in LINES if line.startswith("scripts/test ") and line not in OF_ALL_TESTS]
OF_THE_AGENT = [line for line in LINES if line.startswith("scripts/run ")]
OF_AN_INNER_SHELL = [line for line in LINES if line.startswith("/tmp/lifecycle/") or line == "cf ssh APP"]
OF_A_PROCESS = [line for line in LINES if "/proc/PID/" in line]
OF_THE_APP = [line for line in LINES if line.startswith("cf ") and line not in (*OF_A_MINUTE, *OF_AN_INNER_SHELL)]


def test_every_command_line_is_run_by_a_test():
    run = OF_A_MINUTE + OF_ALL_TESTS + OF_SOME_TESTS + OF_THE_AGENT + OF_AN_INNER_SHELL + OF_A_PROCESS + OF_THE_APP
    assert sorted(run) == sorted(LINES) and len(LINES) >= 20
    assert len(OF_A_MINUTE) == 2 and len(OF_AN_INNER_SHELL) == 2 and len(OF_A_PROCESS) == 1 and OF_ALL_TESTS


class Desk:
    """Where a developer sits: a folder, an app called APP with some requests a second, `cf`, Wireshark."""

    def __init__(self, foundation: Foundation, folder: Path) -> None:
        self.folder = folder
        self.instance, = foundation.push("APP", web=1).processes[0].instances
        self._environment = foundation.environment
        self._environment["PATH"] = f"{folder}/bin:{self._environment['PATH']}"
        (folder / "bin").mkdir()
        (folder / "bin/wireshark").write_text(WIRESHARK)
        (folder / "bin/wireshark").chmod(0o755)
        shutil.copy(BINARY, folder / "cf-pcap-client")

    def start(self, line: str, **options) -> subprocess.Popen:
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen(["bash", "-c", line], cwd=self.folder, env=self._environment, start_new_session=True,
                                **options)

    def run(self, line: str, text: bytes = b"") -> str:
        """What it printed; it must succeed."""
        with self.start(line) as process:
            output, errors = process.communicate(text, timeout=30)
        assert process.returncode == 0, f"{line}: {process.returncode}\n{errors.decode()}"
        return output.decode(errors="replace")

    @property
    def inside(self) -> Path:
        """The folder /tmp of the instance."""
        return self.instance.agent.parents[1]


@contextlib.contextmanager
def desk_in(folder: Path) -> Iterator[Desk]:
    with Foundation() as foundation:
        desk = Desk(foundation, folder)
        container = desk.instance.container
        # As behind the platform's proxy, whose requests come over lo.
        behind_proxy = container.inside.popen(sys.executable, LOAD, "127.0.0.1", HTTP_PORT, 20, stdout=subprocess.DEVNULL)
        with HTTPLoad(desk.instance, 20), behind_proxy:
            yield desk
            behind_proxy.kill()


@pytest.fixture(scope="module", autouse=True)
def _in_app_containers() -> Iterator[None]:
    """pkill(1) finds the processes of its own container only."""
    home.default, before = "container", home.default
    yield
    home.default = before


@pytest.fixture(scope="module", autouse=True)
def of_a_minute(_in_app_containers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Desk, subprocess.Popen]]]:
    """Those that take a minute, started before all else."""
    with desk_in(tmp_path_factory.mktemp("minute")) as desk:
        desk.run(next(line for line in LINES if line.startswith("cf install-plugin")), b"y\n")
        running = {line: (desk, desk.start(line)) for line in OF_A_MINUTE}
        yield running
        for _, process in running.values():
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_in(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


def packets_in(file: Path) -> int:
    """How many packets are in a capture, which is whole."""
    data = file.read_bytes()
    if file.suffix == ".gz":
        data = subprocess.run(["gunzip"], input=data, capture_output=True, check=True).stdout
    return len(check_with_tcpdump(data))


def wait_for_bytes(file: Path, process: subprocess.Popen, count: int) -> None:
    def has_come() -> bool:
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        return file.exists() and file.stat().st_size >= count

    try:
        wait_until(has_come, 20, f"{count} bytes in {file}")
    except AssertionError:
        process.kill()
        raise


@pytest.mark.parametrize("number, line", list(enumerate(OF_THE_APP)))
def test_line_for_an_app(desk, number, line):
    """In their order, for some rest on those before."""
    file = desk.folder / (re.findall(r"(?:> (?=\S+$)|-o (?=\S+\.pcap))(\S+)", line) or ["capture.pcap"])[0]
    is_capture = "cf-pcap -interface" in line and "nohup" not in line
    if line.startswith("cf install-plugin"):
        assert "successfully installed" in desk.run(line, b"y\n")
    elif "wireshark" in line:
        desk.run(line)
        assert len((desk.folder / "wireshark.log").read_text().splitlines()) == 5
    elif line.startswith("cf pcap") and (asked := re.search(r"--(list|check|install-extcap)$", line)):
        assert {"list": "test-space", "check": "web/0", "install-extcap": "linked"}[asked[1]] in desk.run(line)
    elif "--rotate" in line:
        stop_set_by_control_c(desk, line)
    elif line.startswith("cf pcap"):
        file.unlink(missing_ok=True)
        stop_by_control_c(desk, line, file)
    elif is_capture:
        file.unlink(missing_ok=True)
        with desk.start(line) as process:
            desk.instance.wait_for_agents(1)
            time.sleep(3)
            desk.run(STOP)
            assert process.wait(10) == 0, process.stderr.read()
        assert packets_in(file) >= 10
    elif line == STOP:
        with desk.start(INTO_A_PIPE) as process:
            desk.instance.wait_for_agents(1 + ("nohup" in "".join(OF_THE_APP[:number])))
            # Before it captures, a signal ends it at once or, where it is ignored at the start, not at all.
            time.sleep(1)
            desk.run(line)
            assert process.wait(10) == 0
        wait_until(lambda: not desk.instance.agents(), 10, "no agent is left")
    else:
        printed = desk.run(line)
        time.sleep(1)
        if "capture.log" in line and "cat" in line:
            assert "capturing" in printed
        if line.endswith("> capture.pcap"):
            assert packets_in(file) >= 10
        if "rm /tmp/capture.pcap" in line:
            assert not (desk.inside / "capture.pcap").exists()


def stop_by_control_c(desk: Desk, line: str, file: Path) -> None:
    """Once packets have come, in a file or on standard output."""
    with desk.start(line, stderr=subprocess.STDOUT) as process:
        output = Collector(os.dup(process.stdout.fileno()))
        try:
            wait_until(lambda: file.exists() and file.stat().st_size >= 4000 or output.data.count(b"HTTP") >= 3, 30,
                       "packets")
        finally:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(20)
    output.finish()
    assert not file.exists() or packets_in(file)


def stop_set_by_control_c(desk: Desk, line: str) -> None:
    """Its only file is complete then, and the command of --on-file gets it."""
    with desk.start(line, stderr=subprocess.STDOUT) as process:
        output = Collector(os.dup(process.stdout.fileno()))
        try:
            wait_until(lambda: any(path.stat().st_size >= 4000 for path in desk.folder.glob("web_*.pcapng")), 30, "packets")
        finally:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(20)
    output.finish()
    [file] = desk.folder.glob("web_*")
    assert file.suffix == ".gz" and packets_in(file)


def test_lines_of_a_shell_in_the_container(desk):
    first, second = OF_AN_INNER_SHELL
    master, terminal = pty.openpty()
    with desk.start(first, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        file = desk.inside / "capture.pcap"
        os.write(master, second.encode() + b"\n")
        wait_for_bytes(file, process, 4000)
        os.write(master, b"\x03")
        wait_until(lambda: b"stopped capture" in os.read(master, 65536), 10, "the capture is stopped")
        os.write(master, b"exit\n")
        assert process.wait(10) == 0
    os.close(master)
    assert packets_in(file)
    file.unlink()


def test_state_of_a_running_capture_is_the_one_shown(desk):
    readme = (REPOSITORY / "README.md").read_text().splitlines()
    line, = OF_A_PROCESS
    start = next(number for number, text in enumerate(readme) if line in text) + 1
    shown = [match[1].split() for match in map(ANSWER.fullmatch, readme[start:start + 20]) if match]
    with desk.start(INTO_A_PIPE) as process:
        desk.instance.wait_for_agents(1)
        pid, = desk.instance.agents()
        printed = [text.split() for text in desk.run(line.replace("PID", str(pid))).splitlines()]
        desk.run(STOP)
        assert process.wait(10) == 0
    assert len(shown) >= 5 and all(words in printed for words in shown), printed


@pytest.mark.parametrize("line", OF_THE_AGENT)
def test_line_for_the_agent_alone(tmp_path, line):
    (tmp_path / "scripts").symlink_to(REPOSITORY / "scripts")
    with Namespace() as machine:
        words = machine.command("bash", "-c", line)
        with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True) as process:
            wait_for_bytes(tmp_path / "capture.pcap", process, 24)
            http_exchange(machine, machine, "127.0.0.1", 8080)
            time.sleep(0.5)
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(10) == 0
    assert len(read_pcap((tmp_path / "capture.pcap").read_bytes()).packets) >= 8


@pytest.mark.seconds(300)
@pytest.mark.parametrize("line", OF_SOME_TESTS)
def test_line_for_some_of_the_tests(line):
    done = subprocess.run(["bash", "-c", line], cwd=REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("scripts/test: all passed: ")


@pytest.mark.parametrize("line", OF_A_MINUTE)
def test_line_that_takes_a_minute(of_a_minute, line):
    desk, process = of_a_minute[line]
    _, errors = process.communicate(timeout=80)
    assert process.returncode == 0, errors.decode()
    file = desk.folder / re.findall(r"\S+\.pcap\S*", line)[-1]
    if file.suffix == ".zst":
        subprocess.run(["zstd", "--quiet", "--decompress", file], check=True)
        file = file.with_suffix("")
        listed = subprocess.run(["tshark", "-r", file], capture_output=True, text=True, check=True).stdout
        assert len(listed.splitlines()) >= 1000
    else:
        assert packets_in(file) >= 1000
