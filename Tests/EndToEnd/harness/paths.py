"""The paths of programs and folders."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("CF_PCAP", REPOSITORY / "dist/cf-pcap"))


def _make_work() -> Path:
    for parent in (Path(tempfile.gettempdir()), Path("/var/tmp"), REPOSITORY / ".build"):
        if parent.is_dir() and not os.statvfs(parent).f_flag & os.ST_NOSUID:
            break
    folder = Path(tempfile.mkdtemp(prefix="capture-tests-", dir=parent))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


# The folder of this run, removed at its end: every user may enter it, executables in it keep their file capabilities,
# and app containers have it under the same path.
WORK = _make_work()
tempfile.tempdir = str(WORK)

# The programs that tests run in their homes. The repository may lie where nobody else may look.
PROGRAMS = WORK / "programs"
PROGRAMS.mkdir()
for program in (Path(__file__).parents[1] / "sessions").glob("*.py"):
    shutil.copyfile(program, PROGRAMS / program.name)
    (PROGRAMS / program.name).chmod(0o644)
