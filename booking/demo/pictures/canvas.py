"""What everybody who draws inside the room shares: the sheet, the colours, the time of day, the lamps that are lit."""

from __future__ import annotations

from dataclasses import dataclass, field

from booking.demo.pictures.colours import INK, LAMPLIGHT, Palette
from booking.demo.pictures.seeded_random import Dice
from booking.demo.pictures.svg import Paper, number

WIDTH, HEIGHT = 800, 500
# Where the wall meets the floor, where things by the wall stand, where beds end, where things in front stand.
FLOOR, STAND, FOOT, FRONT = 360, 386, 440, 474


@dataclass(frozen=True, slots=True)
class Studio:
    """A room being drawn."""

    paper: Paper
    colours: Palette
    dice: Dice
    evening: bool
    lamps: list[tuple[float, float, float]] = field(default_factory=list)
    feet: list[str] = field(default_factory=list)
    # Where the first thing of a sort stands that is drawn again further on.
    seen: dict[str, float] = field(default_factory=dict)

    @property
    def shade(self) -> str:
        """A lampshade: paper by day, alight in the evening."""
        return "#ffe3a3" if self.evening else "#f9ebd2"

    def lamp(self, x: float, y: float, reach: float) -> None:
        """Remembers a lamp at (x, y) that lights its surroundings as far as `reach`."""
        self.lamps.append((x, y, reach))

    def shadow(self, x: float, y: float, w: float) -> None:
        """The soft patch below a thing of width w whose foot is at y."""
        self.feet.append(f"M{number(x + 2)} {number(y)}h{number(w - 4)}")

    def shadows(self, mark: int) -> None:
        """All patches, below everything drawn since `mark`."""
        with self.paper.below(mark):
            self.paper.line("".join(self.feet), INK, 9, o=0.13)

    def glow(self) -> None:
        """Light around every lamp; drawn last, so that it falls on everything near."""
        if not self.evening:
            return
        fade = self.paper.fade(((0, LAMPLIGHT, 0.62), (0.35, LAMPLIGHT, 0.26), (1, LAMPLIGHT, 0)), radial=True)
        for x, y, reach in self.lamps:
            self.paper.circle(x, y, reach, fade)
