"""What every part is given."""

from dataclasses import dataclass

from .network import Network
from .tools import Tool


@dataclass
class Bench:
    network: Network
    tools: list[Tool]
    rounds: int
    quick: bool

    @property
    def few_rounds(self) -> int:
        """For what takes long and varies little."""
        return min(2, self.rounds)
