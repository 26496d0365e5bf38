"""A Debian machine to install packages on: this one, seen through an overlay, without some of its packages."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import REPOSITORY, run
from harness.paths import WORK

INFO = Path("/var/lib/dpkg/info")
PACKAGES = ("haproxy", "openssh-server")
LOG = Path("/var/log/systemctl")
LINKS = ["find", "/etc/systemd", "/etc/rc2.d", "-type", "l", "-printf", "%p %l\n"]

# Takes the place of systemctl(1): writes down what it is told, and leaves to the real one what takes no running systemd.
STAND_IN = f"""#!/bin/sh
echo "$@" >>{LOG}
case $* in
*--root=*) exec /usr/bin/systemctl.real "$@" ;;
*is-enabled*)
    for unit; do :; done
    [ -n "$(find /etc/systemd/system -name "$unit")" ] && echo enabled && exit
    echo disabled && exit 1
    ;;
esac
"""
FAILING_SCRIPT = "#!/bin/sh\nexit 1\n"


class Machine:
    """Runs commands in a root of its own, which stays for as long as this does; the machine below keeps its files.

    systemd seems to run there. The packages PACKAGES are not installed; apt knows of them, and of `broken`, whose
    installation fails, and of nothing else.
    """

    def __init__(self, folder: Path, repository: Path) -> None:
        self.root = folder / "root"
        layers = folder / "layers"
        script = f"""
            mkdir {layers} {self.root}
            mount -t tmpfs none {layers}
            mkdir {layers}/upper {layers}/work
            mount -t overlay -o lowerdir=/,upperdir={layers}/upper,workdir={layers}/work none {self.root}
            for place in /proc /dev; do mount --rbind $place {self.root}$place; done
            mkdir -p {self.root}/{shlex.quote(str(REPOSITORY))} {self.root}/srv/repository
            mount --rbind {shlex.quote(str(REPOSITORY))} {self.root}/{shlex.quote(str(REPOSITORY))}
            mount --bind {repository} {self.root}/srv/repository
            mount -t tmpfs none {self.root}/run
            mkdir -p {self.root}/run/systemd/system
            echo ready
            cat
        """
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script]
        self._holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout.readline() == b"ready\n"
        self._prepare()

    def _prepare(self) -> None:
        self.run("sh", "-c", f"dpkg --purge --force-all {' '.join(PACKAGES)} && rm -rf /usr/sbin/policy-rc.d "
                 "/etc/apt/sources.list* /var/lib/systemd/deb-systemd-helper-enabled")
        self.write(Path("/etc/apt/sources.list"), "deb [trusted=yes] file:/srv/repository ./\n")
        self.run("mv", "/usr/bin/systemctl", "/usr/bin/systemctl.real")
        self.write(Path("/usr/bin/systemctl"), STAND_IN, 0o755)
        self.write(LOG, "")

    def command(self, *words: object) -> list[str]:
        return ["nsenter", f"--target={self._holder.pid}", "--mount", "chroot", str(self.root), *map(str, words)]

    def run(self, *words: object) -> str:
        return run(*self.command(*words), text=True, timeout=150).stdout

    def write(self, path: Path, text: str, mode: int = 0o644) -> None:
        run(*self.command("sh", "-c", f"cat > {path} && chmod {mode:o} {path}"), input=text, text=True, stdin=None)

    def is_installed(self, package: str) -> bool:
        words = self.command("dpkg-query", "--show", "--showformat=${db:Status-Status}", package)
        return subprocess.run(words, capture_output=True, text=True).stdout == "installed"

    def started_at_boot(self) -> list[str]:
        return sorted(line for line in self.run(*LINKS).splitlines() if "/K" not in line)

    def starts(self) -> list[str]:
        """What systemctl was told to start."""
        words = {"start", "restart", "try-restart", "reload-or-restart", "isolate", "--now"}
        return [line for line in self.run("cat", LOG).splitlines() if words & set(line.split())]

    def close(self) -> None:
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()


@contextlib.contextmanager
def repository() -> Iterator[Path]:
    """A folder from which apt installs PACKAGES, as they are on this machine, and `broken`."""
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        folder = Path(name)
        folder.chmod(0o755)
        for package in PACKAGES:
            _pack(folder, package, _files_of(package), run("dpkg-query", "--status", package, text=True).stdout, INFO)
        with tempfile.TemporaryDirectory(dir=WORK) as scripts:
            (Path(scripts) / "broken.postinst").write_text(FAILING_SCRIPT)
            control = "Package: broken\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: fails\n"
            _pack(folder, "broken", [], control, Path(scripts))
        (folder / "Packages").write_text("\n".join(_entry(package) for package in sorted(folder.glob("*.deb"))))
        yield folder


def _files_of(package: str) -> list[str]:
    return [line for line in run("dpkg-query", "--listfiles", package, text=True).stdout.splitlines()
            if line != "/." and os.path.lexists(line) and not (os.path.islink(line) and os.path.isdir(line))]


def _pack(folder: Path, package: str, files: list[str], status: str, scripts: Path) -> None:
    """Makes the package that was installed: its files, its control file, its scripts."""
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        tree = Path(name)
        tree.chmod(0o755)
        tar = run("tar", "--create", "--no-recursion", "--files-from=-", input="\n".join(files).encode(), stdin=None)
        run("tar", "--extract", f"--directory={tree}", input=tar.stdout, stdin=None)
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN/control").write_text(_control(status))
        for kind in ("preinst", "postinst", "prerm", "postrm", "config", "templates"):
            script = scripts / f"{package}.{kind}"
            if script.exists():
                shutil.copy(script, tree / "DEBIAN" / kind)
                (tree / "DEBIAN" / kind).chmod(0o755)
        run("dpkg-deb", "--build", "-Znone", tree, folder / f"{package}.deb")


def _control(status: str) -> str:
    """Without what dpkg added, which may go on for some lines."""
    lines, kept = [], True
    for line in status.splitlines():
        kept = kept if line.startswith(" ") else not line.startswith(("Status:", "Conffiles:"))
        lines += [line] if kept else []
    return "\n".join(lines) + "\n"


def _entry(package: Path) -> str:
    control = run("dpkg-deb", "--field", package, text=True).stdout
    digest = run("sha256sum", package, text=True).stdout.split()[0]
    return f"{control}Filename: ./{package.name}\nSize: {package.stat().st_size}\nSHA256: {digest}\n"
