"""The demo: nothing but what comes with the project."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import REPOSITORY, read_pcap
from pcapng import read_pcapng
from sessions.container import wait_until
from shell import Shell
from support.developer import Developer

DEMO = Path(__file__).with_name("demo.py")


@pytest.fixture(autouse=True)
def _as_whoever_runs_the_tests(monkeypatch):
    """Under sudo the client is its user's, who may not write into the tests' folders."""
    for name in ("SUDO_UID", "SUDO_GID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def developer() -> Iterator[Developer]:
    developer = Developer(sudo=True)
    yield developer
    developer.close()


def test_demo_of_a_user_with_sudo_whose_path_has_no_sbin(developer):
    done = developer.run("scripts/demo", "--duration", "5s", "-o", "demo.pcap")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(read_pcap((developer.clone / "demo.pcap").read_bytes()).packets) > 10
    assert developer.not_deletable() == []


def test_demo_captures_its_three_instances_and_cleans_up(tmp_path):
    before = set(Path("/var/tmp").glob("cf-foundation-*"))
    done = subprocess.run([sys.executable, DEMO, "--duration", "10s", "-o", "demo.pcapng"], cwd=tmp_path,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    assert "$ cf pcap demo --duration 10s -o demo.pcapng" in done.stderr
    capture = read_pcapng((tmp_path / "demo.pcapng").read_bytes())
    assert {interface.name for interface in capture.interfaces} == {"web/0 eth0", "web/1 eth0", "web/2 eth0"}
    assert all(len(capture.of(interface.name)) > 10 for interface in capture.interfaces)
    # One that a test beside this one is making or removing has no socket.
    wait_until(lambda: set(Path("/var/tmp").glob("cf-foundation-*")) <= before | others(), 20, "nothing is left behind")


def test_control_c_ends_it_in_order(tmp_path):
    with Shell(os.environ, tmp_path) as shell:
        shell.type(f"{shlex.join([sys.executable, str(DEMO)])}; echo status=$?\n")
        shell.wait_for("Capturing, press ^C to stop...", 60)
        wait_until(lambda: len(set(re.findall(r"(web/\d) +capturing", shell.text))) == 3, 60, "all are captured")
        shell.type("\x03")
        shell.wait_for("Saved capture to 'capture.pcap'.")
        shell.wait_for("status=0")
        shell.type("echo works=$((6 * 7))\n")
        shell.wait_for("works=42")
    assert read_pcap((tmp_path / "capture.pcap").read_bytes()).packets


@pytest.mark.parametrize("words, ready", [
    ([], "Capturing, press ^C to stop..."), (["--shell"], "The app is called 'demo'"), ([], "Starting 3 containers"),
], ids=["capturing", "shell", "starting"])
def test_closed_terminal_ends_everything(tmp_path, words, ready):
    before = set(Path("/var/tmp").glob("cf-foundation-*"))
    with Shell(os.environ | {"SHELL": "/bin/bash"}, tmp_path) as shell:
        shell.type(f"{shlex.join([sys.executable, str(DEMO), *words])}\n")
        shell.wait_for(ready)
        if words:
            shell.type("echo works=$((6 * 7))\n")
            shell.wait_for("works=42")
        made = set(Path("/var/tmp").glob("cf-foundation-*")) - before
        assert made
        shell.hang_up()
        wait_until(lambda: not any(folder.exists() for folder in made), 30, "nothing is left behind")
        wait_until(lambda: not any(using(folder) for folder in made), 10, "no program is left")


def using(folder: Path) -> list[str]:
    """The command lines of processes that have something to do with it."""
    lines = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            lines += [line.decode(errors="replace")] if os.fsencode(folder) in line else []
    return lines


def test_cf_of_the_demos_shell_knows_what_messages_recommend(tmp_path):
    """And `~` is the home of whoever calls."""
    with Shell(os.environ | {"SHELL": "/bin/bash"}, tmp_path) as shell:
        shell.type(f"{shlex.join([sys.executable, str(DEMO), '--shell', '--instances', '2'])}\n")
        shell.wait_for("The app is called 'demo'", 60)
        for command, said in [
            ("cf apps", r"demo +started +web:2/2"), ("cf target", r"space: +test-space"), ("cf app demo", r"#1 +running"),
            ("cf ssh-enabled demo", "enabled for app 'demo'"), ("echo ~", re.escape(pwd.getpwuid(os.getuid()).pw_dir) + r"\s"),
        ]:
            count = len(shell.text)
            shell.type(f"{command}; echo done=$?\n")
            wait_until(lambda: "done=0" in shell.text[count:], 20, command)
            assert re.search(said, shell.text[count:].partition("\n")[2]), shell.text[count:]
        shell.type("exit\necho left=$?\n")
        shell.wait_for("left=0")


def test_plain_text_is_on_lo_and_tls_on_eth0(tmp_path):
    for interface, expected in (("lo", True), ("eth0", False)):
        done = subprocess.run([sys.executable, DEMO, "--instances", "1", "--interface", interface, "--duration", "4s", "-o",
                               f"{interface}.pcap"], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        data = b"".join(packet.data for packet in read_pcap((tmp_path / f"{interface}.pcap").read_bytes()).packets)
        assert len(data) > 5000 and (b"GET /" in data) == expected
        assert (b"\x17\x03\x03" in data) != expected, "application data of TLS"


def others() -> set[Path]:
    """Those of tests that run at the same time."""
    return {path for path in Path("/var/tmp").glob("cf-foundation-*") if (path / "api.sock").exists()}


def test_demo_explains_itself():
    done = subprocess.run([REPOSITORY / "scripts/demo", "-h"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0
    assert "Usage: scripts/demo" in done.stdout and "--shell" in done.stdout
