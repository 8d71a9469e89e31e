"""Choices that follow from a text: the same on every machine, in every process and Python version."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1


class Dice:
    """A SplitMix64 sequence started from the hash of `seed`."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._state = int.from_bytes(sha256(seed.encode()).digest()[:8], "big")

    def of(self, name: str) -> Dice:
        """Dice of their own for one part, so that a change to one part leaves the others as they were."""
        return Dice(f"{self._seed}/{name}")

    def unit(self) -> float:
        """A number from 0 up to, not including, 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((self._state ^ (self._state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) >> 11) / (1 << 53)

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.unit() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True in so many of all cases; `probability` from 0 to 1."""
        return self.unit() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all equally likely."""
        return choices[int(self.unit() * len(choices))]

    def shuffled(self, choices: Sequence[T]) -> list[T]:
        """All choices in another order."""
        rest = list(choices)
        return [rest.pop(int(self.unit() * len(rest))) for _ in choices]
