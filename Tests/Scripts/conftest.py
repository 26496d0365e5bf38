"""Tests of the scripts, run by other users and on other machines than this."""

from __future__ import annotations

import os

import pytest

pytest_plugins = ["harness.fixtures"]


def pytest_configure() -> None:
    if os.geteuid() != 0:
        raise pytest.UsageError("the tests take root, for namespaces")
