"""An unprivileged container's shape."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from harness import Namespace


class Container(Namespace):
    """A user namespace whose ids begin at FIRST_ID outside, with network and mount namespaces of its own."""

    ROOT = FIRST_ID = 100_000

    def __init__(self) -> None:
        self._binds = {}
        words = ["unshare", "--user", "--net", "--mount", "sh", "-c", "echo inside; exec sleep 300"]
        self._holder = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert self._holder.stdout.readline() == b"inside\n"
        process = Path(f"/proc/{self._holder.pid}")
        for ids in ("uid_map", "gid_map"):
            (process / ids).write_text(f"0 {self.FIRST_ID} 65536")
        self._fd = os.open(process / "ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.run("ip", "link", "set", "lo", "up")

    def command(self, *command: object) -> list[str]:
        """The command line that runs a command inside, as the container's root."""
        return ["nsenter", f"--target={self._holder.pid}", "--user", "--net", "--mount", "--", *map(str, command)]

    def close(self) -> None:
        super().close()
        self._holder.kill()
        self._holder.wait()
        self._holder.stdout.close()
