"""Where things are."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("CF_PCAP", REPOSITORY / "dist/cf-pcap"))
