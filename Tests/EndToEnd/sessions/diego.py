"""Starts the single-process daemon that stands for diego-sshd."""

import subprocess

from harness import UID

from .container import INSTANCE_PORTS, Container

NAME = "diego-sshd"


def start(container: Container, port: int = 2222, instance_ports: str | None = INSTANCE_PORTS,
          name: str = "diego-sshd", socket_lookup: bool = True) -> subprocess.Popen:
    """`socket_lookup`: whether the kernel can look a socket up for the daemon's children."""
    env = {} if instance_ports is None else {"CF_INSTANCE_PORTS": instance_ports}
    words = [container.python, container.programs / "diego_sshd.py", port, container.host_key, name]
    if socket_lookup:
        process = container.start(*words, env=env)
    else:
        without = container.programs / "without_sock_diag.py"
        process = container.start(container.python, without, UID, *words, env=env, user=0)
    container.wait_for_listener(port)
    return process
