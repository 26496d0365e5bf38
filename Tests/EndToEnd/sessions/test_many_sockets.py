"""The session among ten thousand other sockets: found, and watched at a cost that does not show."""

from __future__ import annotations

import time
from pathlib import Path

from harness import find

from . import diego, figures
from .client import capture, ssh
from .container import Container, pid_inside, wait_until

CONNECTIONS = 5_000
SECONDS = 10

APPLICATION = """
import pathlib, socket, sys, time
listener = socket.create_server(("127.0.0.1", 8080))
sockets = []
for _ in range(int(sys.argv[1])):
    sockets.append(socket.create_connection(("127.0.0.1", 8080)))
    sockets.append(listener.accept()[0])
pathlib.Path("connected").touch()
time.sleep(120)
"""


def processor_milliseconds(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def test_session_among_ten_thousand_sockets():
    with Container() as container:
        files = f"--nofile={2 * CONNECTIONS + 100}"
        container.start("prlimit", files, container.python, "-c", APPLICATION, CONNECTIONS, user=0)
        wait_until((container.home / "connected").exists, 60, f"{CONNECTIONS} connections")
        daemon = diego.start(container)
        with ssh(container, capture("-interface", "lo", "-filter", "udp port 9", "-v")) as client:
            client.wait_until_live()
            pid = container.wait_for_agent()
            started = processor_milliseconds(pid)
            found = find(client.wait_for_log("found SSH session"), "DEBUG", "found SSH session")
            assert (found["pid"], [found["connections"]]) == (str(pid_inside(daemon.pid)), container.clients(2222))
            time.sleep(SECONDS)
            watched = processor_milliseconds(pid) - started
            figures.show(f"{2 * CONNECTIONS} sockets: {started:.1f} ms of processor time until the capture was live, "
                         f"{watched:.1f} ms in {SECONDS} s of watching")
            assert started < 500
            assert watched < 200, "2 % of a core"
            client.kill()
            container.wait_until_agent_gone()
