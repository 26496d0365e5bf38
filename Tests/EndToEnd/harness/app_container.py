"""App containers as the platform makes them, run by runc."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .namespace import ENVIRONMENT, UID, Namespace, run, setpriv_command
from .paths import WORK
from .process import Adopted, adopt_orphans

CONFIGURATION = Path(__file__).parents[1] / "container/config.json"
RUNC = ("runc", "--root", WORK / "runc")
_numbers = itertools.count()

# Reaps whatever becomes its child, and ends with its standard input.
INIT = ["/bin/bash", "-c", "while read -r _; do :; done"]

# runc makes standard output blocking, for all who share it.
KEEP_MODE = ("/usr/bin/python3", "-c", "import os, sys; os.set_blocking(1, False); os.execvp(sys.argv[1], sys.argv[1:])")

# The kernel makes no user namespace for a process in a chroot(2). In a mount namespace of its own, what is its root can be
# the namespace's root as well.
UNCHROOT = ("sh", "-ec", """exec 9</
exec nsenter --mount=/proc/self/ns/mnt sh -ec 'mount --rbind /proc/self/fd/9 /
exec nsenter --mount=/proc/self/ns/mnt "$@"' sh "$@" """, "sh")


class AppContainer(Namespace):
    """A container: network, processes and users of its own, a bounding set, a profile of allowed system calls.

    Its root file system is the machine's own, which stays as it is: what is written goes to memory. It ends with this
    process, however that ends.
    """

    ROOT = 4294967294

    def __init__(self, binds: Mapping[str, Path] | None = None) -> None:
        adopt_orphans()
        self._name = f"cf-pcap-test-{os.getpid()}-{next(_numbers)}"
        self._folder = Path(tempfile.mkdtemp(prefix="container-", dir=WORK))
        self._folder.chmod(0o755)
        self._launched: list[Adopted] = []
        (self._folder / "config.json").write_text(json.dumps(self._configuration(binds or {})))
        self._init = self._run()
        self._fd = os.open(f"/proc/{self._init.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.run("ip", "link", "set", "lo", "up")

    def _configuration(self, binds: Mapping[str, Path]) -> dict:
        configuration = json.loads(CONFIGURATION.read_text())
        configuration["process"]["args"] = INIT
        configuration["root"]["path"] = str(self._folder / "root")
        configuration["mounts"].append({
            "destination": "/dev/pts", "type": "devpts", "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
        })
        for target, source in ({str(WORK): WORK} | dict(binds)).items():
            configuration["mounts"].append(
                {"destination": target, "type": "bind", "source": str(source), "options": ["rbind", "rw"]})
        return configuration

    def _run(self) -> Adopted:
        """Starts its first process. The mounts are in a mount namespace that nobody else sees."""
        reader, self._keeper = os.pipe()
        layers, root = self._folder / "layers", self._folder / "root"
        layers.mkdir()
        root.mkdir()
        upper = layers / "upper"
        script = [
            ["mount", "-t", "tmpfs", "-o", "mode=755", "none", layers],
            ["mkdir", "-p", f"{upper}/{WORK}", layers / "work"],
            ["chown", f"{self.ROOT}:{self.ROOT}", upper],
            ["mount", "-t", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={layers / 'work'}", "none", root],
            ["exec", *RUNC, "run", "--detach", "--pid-file", self._folder / "pid", "--bundle", self._folder, self._name],
        ]
        words = ["unshare", "--mount", "--propagation", "private", *_unchroot(),
                 "sh", "-ec", "\n".join(shlex.join(map(str, line)) for line in script)]
        with open(self._folder / "log", "w+") as log:
            done = subprocess.run(words, stdin=reader, stdout=log, stderr=log, timeout=30)
            os.close(reader)
            log.seek(0)
            assert done.returncode == 0, f"runc cannot start a container: {log.read()}"
        return Adopted(int((self._folder / "pid").read_text()))

    def command_line(
        self,
        words: Sequence[object],
        user: int = UID,
        binds: Mapping[str, Path] | None = None,
        mounts: Sequence[str] = (),
        root: Path | None = None,
        setpriv: Sequence[str] = (),
        wrapper: Sequence[object] = (),
        exec_options: Sequence[object] = (),
    ) -> list[str]:
        """As in a bare namespace, but that `binds` and `mounts` take effect at once, and for the container's life. The
        process id is that of runc's, which passes on signals and the exit status."""
        assert root is None, "a container has its root already"
        self._copy(binds or {})
        if mounts:
            run("nsenter", f"--target={self._init.pid}", "--mount", "sh", "-ec", "\n".join(mounts))
        first = 0 if setpriv else user
        steps = [*RUNC, "exec", "--user", f"{first}:{first}", *exec_options, self._name]
        steps += setpriv_command(user, setpriv) if setpriv else []
        return [*map(str, steps), *_in_utf8([str(word) for word in (*wrapper, *words)])]

    def _copy(self, files: Mapping[str, Path]) -> None:
        for target, source in files.items():
            inside = Path(f"/proc/{self._init.pid}/root{target}")
            inside.unlink(missing_ok=True)
            shutil.copyfile(source, inside)
            inside.chmod(0o755)

    def launch(
        self,
        words: Sequence[object],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env: Mapping[str, object] | None = None,
        cwd: Path = Path("/"),
        pass_fds: Sequence[int] = (),
        **options,
    ) -> subprocess.Popen | Adopted:
        """The process itself; runc's where that could not start it."""
        assert list(pass_fds) == list(range(3, 3 + len(pass_fds))), "runc passes on 3 and those that follow"
        pid = self._folder / f"pid-{next(_numbers)}"
        if not _is_blocking(stdout):
            options["wrapper"] = (*KEEP_MODE, *options.get("wrapper", ()))
        exec_options = ["--detach", "--pid-file", pid, "--cwd", cwd, "--preserve-fds", len(pass_fds)]
        for name, value in (ENVIRONMENT | dict(env or {})).items():
            exec_options += ["--env", f"{name}={value}"]
        runc = subprocess.Popen(self.command_line(words, exec_options=exec_options, **options),
                                stdin=stdin, stdout=stdout, stderr=stderr, pass_fds=pass_fds)
        if runc.wait(20) != 0:
            return runc
        process = Adopted(int(pid.read_text()))
        process.stdout, process.stderr = runc.stdout, runc.stderr
        self._launched.append(process)
        return process

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):
            os.close(self._keeper)
        self._init.send_signal(signal.SIGKILL)
        # The first process ends when none is left inside, and those that were adopted are left until they are waited for.
        for process in (*self._launched, self._init):
            process.wait(10)
        run(*RUNC, "delete", "--force", self._name)
        shutil.rmtree(self._folder)


@functools.cache
def _unchroot() -> tuple[str, ...]:
    allowed = subprocess.run(["unshare", "--user", "true"], stderr=subprocess.DEVNULL).returncode == 0
    return () if allowed else UNCHROOT


def _is_blocking(stream) -> bool:
    if stream in (subprocess.PIPE, subprocess.DEVNULL):
        return True
    return os.get_blocking(stream if isinstance(stream, int) else stream.fileno())


def _in_utf8(words: list[str]) -> list[str]:
    """runc takes no other arguments; bash can make any bytes of its escapes."""
    try:
        "".join(words).encode()
    except UnicodeEncodeError:
        quoted = ("$'" + "".join(f"\\x{byte:02x}" for byte in os.fsencode(word)) + "'" for word in words)
        return ["bash", "-c", "exec " + " ".join(quoted)]
    return words
