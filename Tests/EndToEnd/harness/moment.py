"""Tests of what happens within a moment, on a machine that may be too busy for it."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator

ROUNDS = 5


class MissedMoment(Exception):
    """The test, or the agent, ran too late for the moment that the test is about."""


@contextlib.contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """Fails with MissedMoment, whatever else failed, where what is done inside takes longer."""
    begin = time.monotonic()
    try:
        yield
    finally:
        if time.monotonic() - begin > seconds:
            raise MissedMoment(f"not within {seconds} s")


def repeated(test: Callable) -> Callable:
    """A test that is run anew where it missed its moment, ROUNDS times at most."""

    @functools.wraps(test)
    def rounds(*arguments, **named) -> None:
        for _ in range(ROUNDS - 1):
            with contextlib.suppress(MissedMoment):
                return test(*arguments, **named)
        return test(*arguments, **named)

    return rounds
