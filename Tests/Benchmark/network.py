"""Two network namespaces with a wire between them: captures run in this process's own, the load comes from the other.

Neither has a name: they end with the processes in them, however those end.
"""

import ctypes
import os
import re
import subprocess
from pathlib import Path

from . import machine

CLONE_NEWNET = 0x4000_0000
WIRE = "wire"
MTU = 65535
PKTGEN = Path(__file__).parents[2] / ".build/tools/pktgen"


class Network:
    def __enter__(self) -> "Network":
        _unshare()
        # Ends when its standard input does, and that ends with this process.
        self._holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._holder.stdin.write(b"ready\n")
        self._holder.stdin.flush()
        self._holder.stdout.readline()
        self._far = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net"]
        _ip("link", "set", "lo", "up")
        _ip("link", "add", WIRE, "mtu", str(MTU), "type", "veth",
            "peer", "name", WIRE, "mtu", str(MTU), "netns", str(self._holder.pid))
        for inside in ([], self._far):
            _run([*inside, "sysctl", "-q", "net.ipv6.conf.all.disable_ipv6=1"])
            _run([*inside, "ip", "link", "set", WIRE, "up"])
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.stdin.close()
        self._holder.wait()

    def start_load(self, packets: int, size: int, rate: int = 0, port: int = 1) -> subprocess.Popen:
        command = [*self._far, "taskset", "--cpu-list", str(machine.LOAD_CORE), PKTGEN,
                   "-i", WIRE, "-n", str(packets), "-s", str(size), "-r", str(rate), "-p", str(port)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def send(self, packets: int, size: int, rate: int = 0, port: int = 1) -> float:
        """Sends UDP packets over the wire and returns the packets per second reached."""
        load = self.start_load(packets, size, rate, port)
        output, _ = load.communicate(timeout=60)
        return packets / float(re.search(r"seconds=([\d.]+)", output)[1])


def _unshare() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"a network namespace of its own: {os.strerror(error)}")


def _ip(*arguments: str) -> None:
    _run(["ip", *arguments])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
