"""Starts OpenSSH's daemon: as root, with a process for each connection that becomes the user's."""

import os
import subprocess

from .container import Container

NAME = "openssh"

CONFIGURATION = """
Port {port}
ListenAddress 0.0.0.0
ListenAddress ::
HostKey {folder}/openssh_host_key
AuthorizedKeysFile {home}/.ssh/authorized_keys
StrictModes no
UsePAM no
PidFile none
PrintLastLog no
ClientAliveInterval 1
ClientAliveCountMax 2
"""


def start(container: Container, port: int = 2222) -> subprocess.Popen:
    host_key = container.folder / "openssh_host_key"
    host_key.write_bytes(container.host_key.read_bytes())
    host_key.chmod(0o600)
    os.chown(host_key, container.inside.ROOT, container.inside.ROOT)
    configuration = container.folder / "sshd_config"
    configuration.write_text(CONFIGURATION.format(port=port, folder=container.folder, home=container.home))
    process = container.start("/usr/sbin/sshd", "-D", "-e", "-f", configuration, user=0)
    container.wait_for_listener(port)
    return process
