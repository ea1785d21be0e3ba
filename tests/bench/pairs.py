"""The table of pairs: each module of pairs adds its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from measure import Fact, Row


@dataclass
class Plan:
    """How much is measured."""

    quick: bool
    sizes: list[int]
    scratch: Path
    short: bool = False

    @property
    def peer_counts(self) -> int:
        """Up to which size a slow peer's instructions are counted, which takes minutes."""
        return 150 if self.short else 1000

    def rounds(self, many: int) -> int:
        if self.short:
            return min(many, max(2, many // 3))
        return 3 if self.quick else many

    def up_to(self, size: int) -> list[int]:
        return [count for count in self.sizes if count <= size]

    def counts_instructions(self, size: int, limit: int) -> bool:
        return not self.quick and size <= limit


@dataclass
class Pair:
    name: str
    what: str
    measure: Callable[[Plan], Iterator[Row | Fact]]
    curve: bool  # whether its growth is drawn


ALL: dict[str, Pair] = {}


def pair(name: str, what: str, curve=False):
    """Registers a generator of rows under a name."""

    def register(measure):
        ALL[name] = Pair(name, what, measure, curve)
        return measure

    return register
