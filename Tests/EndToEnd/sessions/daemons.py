"""The three kinds of daemon, for tests that go through each."""

import pytest

from . import diego, dropbear, openssh

ALL = (diego, openssh, dropbear)
EACH = pytest.mark.parametrize("daemon", ALL, ids=[daemon.NAME for daemon in ALL])
