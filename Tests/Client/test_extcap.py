"""In Wireshark's own list of interfaces: tshark, and Wireshark itself on a screen that nobody sees, start the client."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from client import BINARY, Client
from foundation import HTTPLoad, agents
from pcapng import read_pcapng
from sessions.container import wait_until


@pytest.fixture
def desk(foundation, folder):
    """The environment of somebody who has the client in Wireshark's list."""
    home = folder / "home"
    home.mkdir()
    environment = foundation.environment | {"HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    environment.setdefault("CF_HOME", foundation.environment.get("HOME", ""))
    result = subprocess.run([BINARY, "--install-extcap"], env=environment, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0 and "linked" in result.stdout, result.stderr
    return environment


def link(desk: dict[str, str]) -> Path:
    return Path(desk["HOME"]) / ".config/wireshark/extcap/cf-pcap"


def run(desk: dict[str, str], *words: object, timeout: float = 60) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in words], env=desk, capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)


def shown(path: Path) -> set[str]:
    """The names of the interfaces that packets of a file come from, as tshark shows them."""
    return set(subprocess.check_output(["tshark", "-r", path, "-T", "fields", "-e", "frame.interface_name"], text=True).split("\n")) - {""}


def test_list_of_tshark_has_it_without_a_network(desk, foundation):
    asked = len(foundation.requests)
    assert "cf-pcap (cf pcap: the instances of a Cloud Foundry app)" in run(desk, "tshark", "-D").stdout
    assert len(foundation.requests) == asked


def test_tshark_captures_the_app_that_is_chosen(desk, demo, folder):
    instances = demo.processes[0].instances
    file = folder / "e.pcapng"
    with HTTPLoad(instances[1], 50):
        result = run(desk, "tshark", "-i", "cf-pcap", "-o", "extcap.cf_pcap.app:demo", "-o", "extcap.cf_pcap.interface:any",
                     "-o", "extcap.cf_pcap.appinstanceindex:1", "-a", "duration:6", "-w", file)
    assert "Error" not in result.stderr, result.stderr
    assert shown(file) == {"web/1 any"}, result.stderr
    wait_until(lambda: not agents(instances), 10, "no agent is left")


def test_wireshark_itself_captures(desk, demo, folder):
    instances = demo.processes[0].instances
    file = folder / "w.pcapng"
    command = ["xvfb-run", "--auto-servernum", "wireshark", "-i", "cf-pcap", "-k", "-a", "duration:10", "-w", str(file),
               "-o", "extcap.cf_pcap.app:demo", "-o", "gui.ask_unsaved:FALSE"]
    with HTTPLoad(instances[0], 50), (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=desk, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_until(lambda: file.exists() and "web/0 eth0" in shown(file), 60, f"packets in the file of Wireshark: {folder}/log")
            wait_until(lambda: not agents(instances), 60, "the capture ends with its time")
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def test_failure_shows_where_the_capture_was_started(desk, demo, folder):
    for words, said in ((["app:nosuch"], "nosuch"), ([], "no app is chosen"), (["app:demo", "filter:prot 80"], "filter")):
        preferences = [part for word in words for part in ("-o", f"extcap.cf_pcap.{word}")]
        result = run(desk, "tshark", "-i", "cf-pcap", *preferences, "-a", "duration:8", "-w", folder / "none.pcapng")
        assert said in result.stderr, (words, result.stderr)
    assert not agents(demo.processes[0].instances)


def test_button_loads_the_apps_of_the_space(desk, demo):
    answer = run(desk, link(desk), "--extcap-config", "--extcap-interface", "cf-pcap", "--extcap-reload-option", "app")
    assert "value {arg=0}{value=demo}{display=demo}{default=false}" in answer.stdout.splitlines(), answer


def test_only_a_fifo_of_this_user_is_written(desk, foundation, demo, folder):
    (folder / "file").write_text("kept")
    os.mkfifo(folder / "theirs")
    os.chown(folder / "theirs", 12345, 12345)
    for name in ("file", "theirs", "absent", "/dev/null"):
        result = run(desk, BINARY, "--capture", "--extcap-interface", "cf-pcap", "--fifo", folder / name, "--app", "demo")
        assert result.returncode == 2 and "FIFO" in result.stderr, (name, result)
    assert (folder / "file").read_text() == "kept" and not (folder / "absent").exists()


def test_reader_that_goes_and_sigterm_end_it(desk, foundation, demo, folder):
    os.mkfifo(folder / "fifo")
    words = ("--capture", "--extcap-interface", "cf-pcap", "--fifo", folder / "fifo", "--app", "demo")
    for stop in (False, True):
        with Client(foundation, folder, *words, environment=desk) as running:
            reader = os.open(folder / "fifo", os.O_RDONLY)
            running.wait_until(lambda: len(agents(demo.processes[0].instances)) == 3, 30, "it captures")
            time.sleep(1)
            if stop:
                running.process.send_signal(signal.SIGTERM)
            os.close(reader)
            result = running.wait(15)
        assert result.stderr == "", result.stderr


def test_link_is_removed_and_what_is_not_ours_stays(desk, folder):
    path = link(desk)
    assert "is there already" in run(desk, BINARY, "--install-extcap").stdout
    assert path.is_symlink() and "removed" in run(desk, BINARY, "--uninstall-extcap").stdout and not path.is_symlink()
    assert "nothing to remove" in run(desk, BINARY, "--uninstall-extcap").stdout
    path.write_text("somebody's")
    for option in ("--install-extcap", "--uninstall-extcap"):
        result = run(desk, BINARY, option)
        assert result.returncode == 1 and "move it away" in result.stderr and path.read_text() == "somebody's"
    assert run(desk, BINARY, "--install-extcap", "demo").returncode == 2
    assert run(desk | {"PATH": "/nix"}, BINARY, "--install-extcap").returncode == 1
