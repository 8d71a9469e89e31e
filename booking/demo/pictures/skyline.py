"""A skyline for cities without a view of their own: land, houses and landmark follow from the city's name."""

from __future__ import annotations

from booking.demo.pictures.colours import darker
from booking.demo.pictures.scenery import (
    BOTTOM,
    LEFT,
    View,
    glass,
    hills,
    lights,
    panes,
    peaks,
    row,
    sail,
    sky,
    trees,
    water,
)
from booking.demo.pictures.seeded_random import Dice
from booking.demo.pictures.svg import arch, box, dot, polygon

_TOWNS = (
    (("#f1e2c8", "#e6cfae", "#d9b694", "#f6eede"), ("#b9583d", "#a64f3a"), "hip"),
    (("#c9a48c", "#b98a72", "#d9c0a6", "#a8735e"), ("#6a5a58", "#8a4f42"), "step"),
    (("#e9dcc4", "#dccbb0", "#efe6d4"), ("#6c7480", "#5f6a76"), "mansard"),
    (("#d7d5cd", "#c3cacb", "#e6dfd0", "#b5bfc3"), ("#a5a8a6", "#8f9698"), "flat"),
    (("#c8604a", "#e3b25a", "#6f94a0", "#f1e8d8", "#7f9c78"), ("#6b6f78", "#5a4f55"), "gable"),
)


def skyline(view: View, city: str) -> None:
    """The same town for every room of `city`, with small differences between rooms."""
    town = Dice(f"city/{city}")
    sky(view)
    _LANDS[town.whole(0, len(_LANDS) - 1)](view)
    walls, roofs, shape = town.pick(_TOWNS)
    row(view, 238, (34, 62), walls, roofs, shape="flat" if shape == "flat" else "hip", depth=0.45)
    town.pick(_LANDMARKS)(view, town.whole(168, 232) + view.dice.whole(-8, 8), 250)
    row(view, 262, (26, 46), walls, roofs, shape=shape)
    places = [(x + view.dice.whole(-14, 14), 266, view.dice.whole(10, 16)) for x in (30, 140, 280, 370)]
    trees(view, places[: town.whole(2, 4)], town.pick(("#5f8560", "#7d9457", "#c98a45")))
    view.paper.rect(LEFT, 261, 520, BOTTOM - 261, view.tone(town.pick(("#a9a38f", "#8fa07a", "#b8a58c"))))


def _plain(view: View) -> None:
    hills(view, 210, 10, "#8fa38a", 0.55)


def _hilly(view: View) -> None:
    hills(view, 186, 30, "#83998c", 0.7)
    hills(view, 208, 20, "#7a9478", 0.5, waves=4)


def _alpine(view: View) -> None:
    tops = [(x + view.dice.whole(-14, 14), view.dice.whole(104, 136)) for x in (0, 80, 160, 240, 330, 410)]
    peaks(view, 222, tops, "#7f8ba0", 0.6, snow=24)


def _coast(view: View) -> None:
    water(view, 190, "#78a9b5", 240)
    for x in (40, 330):
        sail(view, x + view.dice.whole(-24, 24), 206, view.dice.whole(16, 24))


def _spire(view: View, x: int, base: int) -> None:
    wall = "#cdbb9f"
    view.paper.path(box(x - 13, base - 104, 26, 104), view.tone(wall, 0.1))
    view.paper.path(polygon([(x - 16, base - 102), (x, base - 170), (x + 16, base - 102)]), view.tone("#5f7a74", 0.1))
    view.paper.circle(x, base - 86, 7, view.tone("#f6eddb", 0.1))
    glass(view, arch(x - 5, base - 68, 10, 24), wall)


def _cupola(view: View, x: int, base: int) -> None:
    wall = "#dccdb2"
    view.paper.path(box(x - 44, base - 60, 88, 60) + box(x - 27, base - 92, 54, 34), view.tone(wall, 0.1))
    cap = f"M{x - 30} {base - 90}Q{x - 28} {base - 136} {x} {base - 140}Q{x + 28} {base - 136} {x + 30} {base - 90}z"
    view.paper.path(cap + box(x - 5, base - 152, 10, 14) + box(x - 1, base - 166, 2, 15), view.tone("#6f9089", 0.1))
    lights(
        view,
        panes(view, x - 20, base - 84, (4, 1), (11, 0)) + panes(view, x - 36, base - 48, (6, 2), (13, 18)),
        wall,
        h=16,
    )


def _mast(view: View, x: int, base: int) -> None:
    metal = view.tone("#b9bcb8", 0.15)
    view.paper.path(polygon([(x - 9, base), (x - 2, base - 166), (x + 2, base - 166), (x + 9, base)]), metal)
    view.paper.circle(x, base - 112, 15, view.tone("#c98a6a", 0.1))
    glass(view, box(x - 13, base - 114, 26, 4), "#c98a6a")


def _twins(view: View, x: int, base: int) -> None:
    wall = "#c6ab8c"
    for side in (-24, 24):
        view.paper.rect(x + side - 10, base - 110, 20, 110, view.tone(wall, 0.1))
        tip = polygon([(x + side - 11, base - 110), (x + side, base - 142), (x + side + 11, base - 110)])
        view.paper.path(tip, view.tone("#7a5a52", 0.1))
    view.paper.path(box(x - 16, base - 70, 32, 70) + dot(x, base - 54, 0), view.tone(darker(wall, 0.1), 0.1))
    view.paper.circle(x, base - 52, 9, view.tone("#f2e6cf", 0.1))
    glass(view, arch(x - 28, base - 100, 8, 20) + arch(x + 20, base - 100, 8, 20), wall)


def _wheel(view: View, x: int, base: int) -> None:
    metal, y = view.tone("#b35f4e", 0.1), base - 84
    view.paper.line(f"M{x} {y}l-26 84M{x} {y}l26 84", metal, 4)
    spokes = "".join(f"M{x - dx} {y - dy}L{x + dx} {y + dy}" for dx, dy in ((62, 0), (44, 44), (0, 62), (44, -44)))
    view.paper.line(f"{dot(x, y, 62)}{spokes}", metal, 2.5)
    cabins = ((62, 0), (-62, 0), (44, 44), (-44, -44), (0, 62), (0, -62), (44, -44), (-44, 44))
    view.paper.path("".join(dot(x + dx, y + dy, 6) for dx, dy in cabins), view.tone("#f0d9a0", 0.1))


_LANDS = (_plain, _hilly, _alpine, _coast)
_LANDMARKS = (_spire, _cupola, _mast, _twins, _wheel)
