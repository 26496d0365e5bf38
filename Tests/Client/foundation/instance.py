"""One instance of an app: a container with an HTTP server, an SSH daemon and the agent, and what may befall it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import uuid
from collections.abc import Sequence
from pathlib import Path

from harness import BINARY, run
from sessions import diego
from sessions.container import ADDRESS, INSTANCE_PORTS, INSTANCE_PORTS_WITHOUT_PROXY, Container, wait_until

from . import proxy

AGENT = "/tmp/lifecycle/cf-pcap"
HTTP_PORT, SSH_PORT = 8080, 2222
PROGRAMS = Path(__file__).parent / "inside"


class Instance:
    """`state` is what the API says of it. Its container is another one after each start."""

    def __init__(self, folder: Path, capabilities: str | None = "cap_net_raw=p", has_proxy: bool = False) -> None:
        """- folder: where its files lie; it must exist, where file capabilities count, outside /tmp.
        - capabilities: those of the agent's file; None: none.
        - has_proxy: whether everyone outside comes through the platform's proxy.
        """
        self._folder = folder
        self._has_proxy = has_proxy
        self._capabilities = capabilities
        self._container: Container | None = None
        self.guid = ""
        self.state = "DOWN"
        self.ssh_answer: dict | None = None
        """What `cf ssh` is answered in place of a connection: {"error": TEXT}, or {"run": [WORD, ...]} for a program that
        runs in place of the session; with "once" only the first time."""
        self.claimed_host_key: str | None = None
        """The public key that the platform names as its host's, where that is not the daemon's."""

    @property
    def container(self) -> Container:
        assert self._container is not None, f"instance {self.guid} has no container"
        return self._container

    @property
    def has_container(self) -> bool:
        return self._container is not None

    @property
    def entrance(self) -> str:
        """The address at which its ports are open to everyone outside."""
        return proxy.ROUTER_ADDRESS if self._has_proxy else ADDRESS

    @property
    def agent(self) -> Path:
        """The agent's file, as seen from outside."""
        return self._folder / self.guid / "tmp/lifecycle/cf-pcap"

    @property
    def host_key(self) -> str:
        return self.claimed_host_key or self.container.host_key.with_suffix(".pub").read_text()

    def start(self) -> None:
        """A new container with the app, the daemon and the agent running or ready to run in it."""
        self.guid = str(uuid.uuid4())
        folder = self._folder / self.guid
        self.agent.parent.mkdir(parents=True)
        (folder / "tmp").chmod(0o1777)
        shutil.copyfile(BINARY, self.agent)
        self.agent.chmod(0o755)
        if self._capabilities is not None:
            run("setcap", self._capabilities, self.agent)
        self._container = container = Container(folder, {"/tmp": folder / "tmp"})
        # Readable to the app, whatever the umask was when this repository was cloned.
        shutil.copytree(PROGRAMS, folder / "tmp/app", copy_function=shutil.copyfile)
        (folder / "tmp/app").chmod(0o755)
        container.start(container.python, "/tmp/app/server.py", HTTP_PORT)
        diego.start(container, SSH_PORT, INSTANCE_PORTS if self._has_proxy else INSTANCE_PORTS_WITHOUT_PROXY)
        container.wait_for_listener(HTTP_PORT)
        if self._has_proxy:
            proxy.start(container)
        self.state = "RUNNING"

    def pretend(self, ssh_answer: dict) -> None:
        """There is nothing but the answer to `cf ssh`."""
        self.guid = str(uuid.uuid4())
        self.state = "RUNNING"
        self.ssh_answer = ssh_answer

    def crash(self, state: str = "CRASHED") -> None:
        """Everything in the container is gone at once, as for a lack of memory."""
        self.state = state
        self.close()

    def replace(self) -> None:
        """As when its cell is emptied: the new container runs before the old one is gone."""
        old, folder = self.container, self._folder / self.guid
        self.start()
        old.close()
        shutil.rmtree(folder)

    def cut(self) -> None:
        """The network between it and everyone is gone. Nobody is told."""
        self.container.outside.run("ip", "link", "set", "eth0", "down")

    def mend(self) -> None:
        """The end of `cut`."""
        container = self.container
        container.outside.run("ip", "link", "set", "eth0", "up")
        container.outside.run("ip", "neighbour", "replace", ADDRESS, "lladdr", container.inside.mac("eth0"),
                              "dev", "eth0", "nud", "permanent")

    def agents(self) -> list[int]:
        """The process ids of its agents."""
        return agents([self])

    def live_agents(self) -> list[int]:
        """Those of them that capture."""
        return live_agents([self])

    def kill_daemon(self) -> None:
        """The session daemon is gone, and every session with it."""
        for pid in self.container.processes("diego-sshd"):
            os.kill(pid, signal.SIGKILL)

    def start_daemon(self) -> None:
        """A session daemon in place of one that was killed."""
        wait_until(lambda: not self.container.sockets("listening", SSH_PORT), 10, "the daemon is gone")
        diego.start(self.container, SSH_PORT, INSTANCE_PORTS_WITHOUT_PROXY)

    def slow_down(self, kilobytes_per_second: int) -> None:
        """What it sends goes over a link of that rate, and its daemon waits as long for a client's answer."""
        self.kill_daemon()
        wait_until(lambda: not self.container.sockets("listening", SSH_PORT), 10, "the daemon is gone")
        diego.start(self.container, SSH_PORT, INSTANCE_PORTS_WITHOUT_PROXY, keep_alive_seconds=30)
        self.container.inside.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate",
                                  f"{kilobytes_per_second}kbps", "burst", "16kb", "latency", "400ms")

    def close(self) -> None:
        if self._container:
            self._container.close()
            self._container = None
            shutil.rmtree(self._folder / self.guid, ignore_errors=True)

    def wait_for_agents(self, count: int, timeout: float = 20) -> None:
        wait_until(lambda: len(self.live_agents()) == count, timeout, f"{count} capturing agents in {self.guid}")


def agents(instances: Sequence[Instance]) -> list[int]:
    """The process ids of the agents in any of them."""
    spaces = {os.stat(instance.container.inside.path).st_ino for instance in instances if instance.has_container}
    return [int(pid) for pid in os.listdir("/proc")
            if pid.isdigit() and _read(f"/proc/{pid}/comm") == "cf-pcap\n" and _network_of(pid) in spaces]


def live_agents(instances: Sequence[Instance]) -> list[int]:
    """Those of them that capture: from the first packet on they have two filters of their own, the second
    of which is the sandbox."""
    return [pid for pid in agents(instances) if _is_live(pid)]


def all_are_captured(instances: Sequence[Instance]) -> bool:
    """Whether one agent captures in each of them, and no other runs."""
    running = agents(instances)
    spaces = {_network_of(pid) for pid in running if _is_live(pid)}
    return len(running) == len(instances) == len(spaces)


def _is_live(pid: int) -> bool:
    return _status(pid, "Seccomp_filters") >= _status(_status(pid, "PPid"), "Seccomp_filters") + 2


def _status(pid: int, field: str) -> int:
    """A number of /proc/PID/status; -1 where the process is gone."""
    found = re.search(rf"^{field}:\s*(\d+)$", _read(f"/proc/{pid}/status"), re.MULTILINE)
    return int(found[1]) if found else -1


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _network_of(pid: str | int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return None
