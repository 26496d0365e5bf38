"""A person at a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

from sessions.container import wait_until


class Shell:
    """An interactive bash on a terminal."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**environment, "TERM": "xterm", "PS1": "ready> "})
        self._data = bytearray()
        self._reads = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_for("ready> ")

    def _read(self) -> None:
        while self._reads:
            try:
                if select.select([self._terminal], [], [], 0.05)[0]:
                    self._data += os.read(self._terminal, 65536)
            except OSError:
                return

    @property
    def text(self) -> str:
        return self._data.decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def wait_for(self, text: str, timeout: float = 60) -> None:
        try:
            wait_until(lambda: text in self.text, timeout, f"{text!r} on the terminal")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text}") from None

    def hang_up(self) -> None:
        # As long as one reads, the terminal stays.
        self._reads = False
        self._reader.join()
        os.close(self._terminal)

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
