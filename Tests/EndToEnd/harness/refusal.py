"""An agent that is expected not to capture."""

from __future__ import annotations

from .agent import start_agent
from .log import find
from .namespace import Namespace


def refusal(namespace: Namespace, *arguments: object, **options) -> str:
    """The `error` with which the agent refuses to capture, on lo where no arguments are given."""
    with start_agent(namespace, *(arguments or ("-interface", "lo")), live=False, **options) as agent:
        result = agent.wait(10)
    assert result.status == 1 and result.stdout == b""
    return find(result.log, "ERROR", "failed to set up capture")["error"]
