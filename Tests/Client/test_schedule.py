"""The lines of README for cron and for systemd, in the bare environment that each of them gives."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from client import BINARY
from foundation import Application, HTTPLoad, Process
from harness import REPOSITORY
from pcapng import read_pcapng


@pytest.fixture
def home(foundation, demo) -> Path:
    """The home of somebody with the plugin, and an app called APP."""
    done = subprocess.run([foundation.program, "install-plugin", "-f", BINARY], env=foundation.environment, capture_output=True)
    assert done.returncode == 0, done
    foundation.applications.append(Application("APP", [Process("web", demo.processes[0].instances)]))
    folder = foundation.home / "captures"
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    return foundation.home


def line_of(start: str) -> str:
    """The line of README that begins so, for a few seconds."""
    lines = [line.strip() for line in (REPOSITORY / "README.md").read_text().splitlines()]
    line, = (line for line in lines if line.startswith(start))
    shortened = line.replace("--duration 5m", "--duration 3s")
    assert shortened != line or "--duration" not in line
    return shortened


def run(foundation, home: Path, words: list[str], path: str, folder: Path) -> None:
    """Without a terminal, and with nothing in the environment but what a scheduler puts there."""
    environment = {"HOME": str(home), "LOGNAME": "me", "SHELL": "/bin/sh", "PATH": f"{foundation.program.parent}:{path}"}
    with HTTPLoad(foundation.instances[0], 50):
        done = subprocess.run(words, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              start_new_session=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), done
    file, = (home / "captures").iterdir()
    assert re.fullmatch(r"app-\d{4}-\d\d-\d\d\.pcapng", file.name)
    assert len(read_pcapng(file.read_bytes()).packets) > 20


def test_line_for_cron(foundation, home):
    path = line_of("PATH=").removeprefix("PATH=")
    words = line_of("0 3 * * * ").split(maxsplit=5)
    # crontab(5): a percent sign ends the command, unless it is escaped.
    command = re.split(r"(?<!\\)%", words[5])[0].replace(r"\%", "%")
    run(foundation, home, ["/bin/sh", "-c", command], path, home)


def test_service_for_systemd(foundation, home):
    # systemd.service(5): $$ stands for $, and %% for %; the words are split as by a shell.
    words = [word.replace("$$", "$").replace("%%", "%") for word in shlex.split(line_of("ExecStart=").removeprefix("ExecStart="))]
    folder = line_of("WorkingDirectory=").removeprefix("WorkingDirectory=").replace("%h", str(home))
    run(foundation, home, words, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", Path(folder))
