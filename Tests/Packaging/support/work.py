"""Where the tests build and unpack. To be imported before the harness."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Ordinary users may look into it, and executables there keep their file capabilities.
WORK = Path(tempfile.mkdtemp(prefix="cf-pcap-package-"))
WORK.chmod(0o755)

# The harness's own agent: that of the package.
os.environ["CF_PCAP"] = str(WORK / "system/package/cf-pcap")
