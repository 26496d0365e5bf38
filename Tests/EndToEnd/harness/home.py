"""The two places in which tests run the agent: a bare network namespace, and an app container."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from .app_container import AppContainer
from .namespace import Namespace

HOMES: dict[str, type[Namespace]] = {"namespace": Namespace, "container": AppContainer}
# Where a thread has said nothing.
default = "namespace"
_of_thread = threading.local()


@contextlib.contextmanager
def at_home(name: str) -> Iterator[None]:
    """`new_home` makes homes of this kind in this thread."""
    before, _of_thread.name = getattr(_of_thread, "name", None), name
    try:
        yield
    finally:
        _of_thread.name = before


def new_home(binds: Mapping[str, Path] | None = None) -> Namespace:
    return HOMES[getattr(_of_thread, "name", None) or default](binds)
