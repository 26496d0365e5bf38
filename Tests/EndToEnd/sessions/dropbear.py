"""Starts dropbear as the user: a process for each connection, of the same user as the agent."""

import os
import subprocess

from harness import UID, run

from .container import Container

NAME = "dropbear"


def start(container: Container, port: int = 2222) -> subprocess.Popen:
    host_key = container.folder / "dropbear_host_key"
    run("dropbearkey", "-t", "ed25519", "-f", host_key)
    os.chown(host_key, UID, UID)
    process = container.start(
        "/usr/sbin/dropbear", "-F", "-E", "-p", port, "-r", host_key, "-P", container.home / "dropbear.pid", "-K", 1)
    container.wait_for_listener(port)
    return process
