"""Starts the single-process daemon that stands for diego-sshd."""

import subprocess

from .container import INSTANCE_PORTS, Container

NAME = "diego-sshd"


def start(container: Container, port: int = 2222, instance_ports: str | None = INSTANCE_PORTS,
          name: str = "diego-sshd", keep_alive_seconds: int = 1, **options) -> subprocess.Popen:
    """For the options see `Namespace.command_line`.

    - keep_alive_seconds: four of these without an answer end a connection. On a slow link the answer stands behind data.
    """
    env = {"KEEP_ALIVE_SECONDS": str(keep_alive_seconds)}
    env |= {} if instance_ports is None else {"CF_INSTANCE_PORTS": instance_ports}
    daemon = container.programs / "diego_sshd.py"
    process = container.start(container.python, daemon, port, container.host_key, name, env=env, **options)
    container.wait_for_listener(port)
    return process
