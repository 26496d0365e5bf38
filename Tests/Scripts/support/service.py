"""A service as packages bring them, and what installing it changes; the machine keeps its files."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness import run
from harness.paths import WORK

NAME = "cf-pcap-test"
FAILING = f"{NAME}-failing"
POLICY = "/usr/sbin/policy-rc.d"
STARTED = f"/var/log/{NAME}"
LINKS = "find /etc/systemd /etc/rc?.d -type l ! -path '*.d/K*' | sort"

UNIT = f"""[Service]
ExecStart=/etc/init.d/{NAME} start
[Install]
WantedBy=multi-user.target default.target
"""
INIT_SCRIPT = f"""#!/bin/sh
### BEGIN INIT INFO
# Provides: {NAME}
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop:
### END INIT INFO
echo "$1" >>{STARTED}
"""
# What debhelper's scripts do.
AFTER_INSTALLATION = f"""#!/bin/sh
deb-systemd-helper enable {NAME}.service
deb-systemd-helper --user enable {NAME}.service
update-rc.d {NAME} defaults
invoke-rc.d {NAME} start
exit {{status}}
"""
# In these folders nothing that is written lasts. apt knows two packages and no others; no policy says what may be started,
# and the machine seems to have booted by its init scripts.
PREPARE = f"""
mount -t tmpfs none /run
mount -t tmpfs none /mnt
for folder in etc usr var; do
    mkdir -p /mnt/$folder/upper /mnt/$folder/work
    mount -t overlay -o lowerdir=/$folder,upperdir=/mnt/$folder/upper,workdir=/mnt/$folder/work none /$folder
done
mkdir -p /etc/systemd /srv/{NAME}
mount --bind {{packages}} /srv/{NAME}
rm -rf /etc/apt/sources.list* {POLICY}* /sbin/init /sbin/runlevel
echo 'deb [trusted=yes] file:/srv/{NAME} ./' >/etc/apt/sources.list
printf '#!/bin/sh\\necho N 2\\n' | tee /sbin/init >/sbin/runlevel
chmod +x /sbin/init /sbin/runlevel
"""


@dataclass
class Installation:
    """- enabled: the links that were added, of those by which something is started with the machine.
    - started: what the service's script was told.
    - policies: what stands at the place of policy-rc.d(8) afterwards, by name.
    """

    status: int
    log: str
    enabled: list[str]
    started: list[str]
    policies: dict[str, str]


def install(packages: Path, command: str, policy: str | None = None) -> Installation:
    """Runs a shell command that installs from `packages`; `policy` is the machine's own policy-rc.d."""
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        folder = Path(name)
        own = f"printf %s {shlex.quote(policy)} >{POLICY}; chmod 755 {POLICY}" if policy else ""
        script = f"""{PREPARE.format(packages=shlex.quote(str(packages)))}
            {own}
            exec 3>&1 >{folder}/log 2>&1
            {LINKS} >{folder}/before
            status=0
            {command} || status=$?
            {LINKS} >{folder}/after
            [ ! -e {STARTED} ] || cp {STARTED} {folder}/started
            mkdir {folder}/policies
            cp {POLICY}* {folder}/policies/ 2>/dev/null || true
            echo $status >&3
        """
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-ec", script], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=150)
        log = "".join((folder / "log").read_text() if (folder / "log").exists() else "") + done.stderr
        assert done.returncode == 0, log
        before, after = ((folder / name).read_text().splitlines() for name in ("before", "after"))
        started = folder / "started"
        return Installation(
            int(done.stdout), log, [link for link in after if link not in before],
            started.read_text().splitlines() if started.exists() else [],
            {path.name: path.read_text() for path in (folder / "policies").iterdir()})


def make_packages(folder: Path) -> None:
    """A repository of the package NAME, and of FAILING, whose installation fails after it has done the same."""
    folder.chmod(0o755)
    for name, status in ((NAME, 0), (FAILING, 1)):
        _make_package(folder, name, status)
    (folder / "Packages").write_text("\n".join(_entry(package) for package in sorted(folder.glob("*.deb"))))


def _make_package(folder: Path, name: str, status: int) -> None:
    with tempfile.TemporaryDirectory(dir=WORK) as path:
        tree = Path(path)
        tree.chmod(0o755)
        files = {
            "DEBIAN/control": f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: a service\n",
            "DEBIAN/postinst": AFTER_INSTALLATION.format(status=status),
            f"etc/init.d/{NAME}": INIT_SCRIPT,
            f"usr/lib/systemd/system/{NAME}.service": UNIT,
            f"usr/lib/systemd/user/{NAME}.service": UNIT,
        }
        for file, text in files.items():
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            (tree / file).write_text(text)
            (tree / file).chmod(0o755 if text.startswith("#!") else 0o644)
        run("dpkg-deb", "--build", "--root-owner-group", "-Znone", tree, folder / f"{name}.deb")


def _entry(package: Path) -> str:
    control = run("dpkg-deb", "--field", package, text=True).stdout
    digest = run("sha256sum", package, text=True).stdout.split()[0]
    return f"{control}Filename: ./{package.name}\nSize: {package.stat().st_size}\nSHA256: {digest}\n"
