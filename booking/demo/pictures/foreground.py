"""Small things on the floor in front. Feet are at FRONT."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from booking.demo.pictures.canvas import FRONT, Studio
from booking.demo.pictures.colours import darker, lighter
from booking.demo.pictures.layout import Thing
from booking.demo.pictures.svg import box, dot, number, polygon


def draw(studio: Studio, thing: Thing) -> None:
    """One thing at its place."""
    if thing.name != "slippers":
        studio.shadow(thing.x, FRONT, thing.w)
    _THINGS[thing.name](studio, thing.x)


def _suitcase(studio: Studio, x: float) -> None:
    paper, fill = studio.paper, studio.dice.of("suitcase").pick((studio.colours.second, studio.colours.main))
    paper.line(f"M{number(x + 18)} 406v-15h20v15", darker(studio.colours.wood, 0.4), 4)
    paper.path(dot(x + 10, FRONT - 3, 4) + dot(x + 46, FRONT - 3, 4), darker(studio.colours.wood, 0.5))
    paper.rect(x, 404, 56, 67, fill, r=8)
    paper.line(f"M{number(x + 14)} 414v47m14-47v47m14-47v47", darker(fill, 0.15), 3)


def _pouf(studio: Studio, x: float) -> None:
    fill = studio.colours.second
    studio.paper.rect(x, 436, 70, 38, fill, r=16)
    seams = f"M{number(x + 24)} 440q-7 16 0 32M{number(x + 46)} 440q7 16 0 32"
    studio.paper.line(f"{seams}M{number(x + 5)} 447h60", darker(fill, 0.16), 2.5)


def _basket(studio: Studio, x: float) -> None:
    straw = lighter(studio.colours.wood, 0.42)
    studio.paper.path(f"M{number(x + 8)} 434q6-16 20-10q14-8 21 10z", studio.colours.linen)
    studio.paper.path(polygon([(x, 432), (x + 56, 432), (x + 49, FRONT), (x + 7, FRONT)]), straw)
    weave = f"M{number(x + 3)} 444h50m-49 10h47m-45 10h43"
    studio.paper.line(weave, darker(straw, 0.15), 2)


def _slippers(studio: Studio, x: float) -> None:
    studio.paper.line(f"M{number(x + 6)} {FRONT - 5}h10m16 0h10", studio.colours.linen, 12)
    studio.paper.path(f"M{number(x)} {FRONT - 5}a11 6.5 0 0 0 22 0q-11-7-22 0m26 0a11 6.5 0 0 0 22 0q-11-7-22 0",
                      studio.colours.main)  # fmt: skip


def _cat(studio: Studio, x: float) -> None:
    """A cat asleep."""
    fill = studio.dice.of("cat").pick(("#4a4248", "#c98f5a", "#8d8783", "#e9dfd0"))
    fill = darker(fill, 0.25) if studio.evening else fill
    paper, y = studio.paper, FRONT
    paper.path(f"M{number(x + 6)} {y}q-6-30 26-32q32 2 28 32z", fill)
    paper.circle(x + 14, y - 13, 12, fill)
    ears = polygon([(x + 3, y - 17), (x + 4, y - 30), (x + 13, y - 24)])
    paper.path(ears + polygon([(x + 14, y - 24), (x + 23, y - 29), (x + 25, y - 16)]), fill)
    paper.line(f"M{number(x + 58)} {y - 4}q-20 8-36 0", darker(fill, 0.18), 5)
    paper.line(f"M{number(x + 7)} {y - 12}q3 3 5 0m5 0q3 3 5 0", darker(fill, 0.5), 1.6)


def _bag(studio: Studio, x: float) -> None:
    fill = studio.colours.main
    studio.paper.line(f"M{number(x + 18)} 446q2-22 12-22t12 22", darker(fill, 0.25), 4)
    studio.paper.path(f"M{number(x + 4)} 440h52l4 28q0 6-6 6h-48q-6 0-6-6z", fill)
    studio.paper.path(box(x + 2, 450, 56, 4) + box(x + 25, 446, 10, 12), lighter(fill, 0.35))


def _plant_pot(studio: Studio, x: float) -> None:
    paper, middle = studio.paper, x + 23
    blades = "".join(
        f"M{number(middle)} 448q{dx} -18 {number(dx * 1.4)} -38q{number(-dx * 1.7)} 8 {number(-dx * 1.4)} 38"
        for dx in (-14, -6, 4, 13)
    )
    paper.path(blades, studio.colours.leaf)
    paper.path(polygon([(x + 5, 444), (x + 41, 444), (x + 37, FRONT), (x + 9, FRONT)]), studio.colours.linen)
    paper.rect(x + 5, 452, 36, 5, studio.colours.second)


_THINGS: Mapping[str, Callable[[Studio, float], None]] = {
    "bag": _bag,
    "basket": _basket,
    "cat": _cat,
    "plant pot": _plant_pot,
    "pouf": _pouf,
    "slippers": _slippers,
    "suitcase": _suitcase,
}
