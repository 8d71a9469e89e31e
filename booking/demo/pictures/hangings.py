"""What hangs on the wall or from the ceiling: pictures, mirrors, shelves, lamps. Eye level is y 150."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from booking.demo.pictures.canvas import Studio
from booking.demo.pictures.colours import darker, lighter, mix
from booking.demo.pictures.layout import Thing
from booking.demo.pictures.seeded_random import Dice
from booking.demo.pictures.svg import box, number, polygon


def draw(studio: Studio, thing: Thing) -> None:
    """One thing at its place."""
    _THINGS[thing.name](studio, thing.x, studio.dice.of(thing.name))


def _framed(studio: Studio, x: float, y: float, size: tuple[int, int], dice: Dice) -> None:
    w, h = size
    paper, colours = studio.paper, studio.colours
    frame = dice.pick((colours.wood, darker(colours.wood, 0.3), lighter(colours.linen, 0.2)))
    paper.rect(x + 3, y + 4, w, h, darker(colours.wall, 0.3), o=0.35)
    paper.rect(x, y, w, h, frame)
    paper.rect(x + 5, y + 5, w - 10, h - 10, lighter(colours.linen, 0.1))
    dice.pick(_MOTIFS)(studio, x + 12, y + 12, w - 24, h - 24)


def _suns(studio: Studio, x: float, y: float, w: float, h: float) -> None:
    colours, r = studio.colours, min(w, h) * 0.24
    studio.paper.circle(x + w * 0.5, y + h * 0.36, r, colours.second)
    curve = f"M{number(x)} {number(y + h * 0.6)}q{number(w / 2)} {number(-h * 0.22)} {number(w)} 0v{number(h * 0.4)}"
    studio.paper.path(f"{curve}h{number(-w)}z", colours.main)
    low = f"M{number(x)} {number(y + h * 0.82)}q{number(w / 2)} {number(-h * 0.16)} {number(w)} 0v{number(h * 0.18)}"
    studio.paper.path(f"{low}h{number(-w)}z", darker(colours.main, 0.25))


def _circles(studio: Studio, x: float, y: float, w: float, h: float) -> None:
    colours, r = studio.colours, min(w, h) * 0.3
    studio.paper.circle(x + w / 2 - r * 0.4, y + h / 2 - r * 0.35, r, colours.main)
    studio.paper.circle(x + w / 2 + r * 0.5, y + h / 2 + r * 0.5, r * 0.8, colours.second, o=0.85)


def _branch(studio: Studio, x: float, y: float, w: float, h: float) -> None:
    leaf, middle = studio.colours.leaf, x + w / 2
    studio.paper.line(f"M{number(middle)} {number(y + h)}V{number(y + h * 0.1)}", leaf, 2)
    size = min(w * 0.45, 22)
    leaves = "".join(
        f"M{number(middle)} {number(at)}q{number(side * size * 0.3)} {number(-size)} {number(side * size)} "
        f"{number(-size)}q{number(-side * size * 0.1)} {number(size)} {number(-side * size)} {number(size)}z"
        for at in (y + h * 0.86, y + h * 0.5)
        for side in (-1, 1)
    )
    studio.paper.path(leaves, leaf)


def _blocks(studio: Studio, x: float, y: float, w: float, h: float) -> None:
    colours = studio.colours
    studio.paper.path(box(x, y, w * 0.55, h * 0.5), colours.main)
    studio.paper.path(box(x + w * 0.62, y, w * 0.38, h * 0.7), colours.second)
    studio.paper.path(box(x, y + h * 0.58, w * 0.55, h * 0.42), mix(colours.panel, colours.leaf, 0.4))
    studio.paper.path(box(x + w * 0.62, y + h * 0.78, w * 0.38, h * 0.22), colours.wood)


_MOTIFS: tuple[Callable[[Studio, float, float, float, float], None], ...] = (_suns, _circles, _branch, _blocks)


def _picture(studio: Studio, x: float, dice: Dice) -> None:
    _framed(studio, x, 96 + dice.whole(-8, 8), (84, 108), dice)


def _wide_picture(studio: Studio, x: float, dice: Dice) -> None:
    _framed(studio, x, 108 + dice.whole(-8, 8), (132, 92), dice)


def _pair(studio: Studio, x: float, dice: Dice) -> None:
    y = 108 + dice.whole(-8, 8)
    _framed(studio, x, y, (57, 78), dice.of("one"))
    _framed(studio, x + 69, y + dice.pick((0, 0, 14)), (57, 78), dice.of("two"))


def _mirror(studio: Studio, x: float, dice: Dice) -> None:
    paper, rim = studio.paper, lighter(studio.colours.wood, 0.15)
    sheen = mix(lighter(studio.colours.wall, 0.45), "#b9d0d6", 0.25)
    if dice.chance(0.5):
        paper.circle(x + 42, 152, 42, rim)
        paper.circle(x + 42, 152, 36, sheen)
    else:
        paper.rect(x + 9, 92, 66, 124, rim, r=33)
        paper.rect(x + 15, 98, 54, 112, sheen, r=27)
    paper.line(f"M{number(x + 26)} 166l22-34m-6 44l16-25", "#ffffff", 4, o=0.45)


def _shelf(studio: Studio, x: float, dice: Dice) -> None:
    paper, colours, y = studio.paper, studio.colours, 176 + dice.whole(-8, 8)
    paper.path(box(x + 14, y, 5, 17) + box(x + 101, y, 5, 17), darker(colours.wood, 0.2))
    paper.rect(x, y - 3, 120, 8, colours.wood)
    paper.path(box(x + 10, y - 33, 8, 30) + box(x + 28, y - 28, 7, 25), colours.main)
    paper.path(box(x + 19, y - 29, 8, 26) + box(x + 36, y - 35, 6, 32), colours.second)
    paper.path(f"M{number(x + 56)} {y - 25}h8q-1 5 4 9q4 13-5 13h-6q-9 0-5-13q5-4 4-9z", colours.linen)
    trail = f"M{number(x + 98)} {y - 18}q-14-10-16 2q8 8 16 2q2 14 8 26q8-12-2-26q12 6 12-4q-8-8-18 0z"
    paper.path(trail, colours.leaf)
    paper.path(polygon([(x + 87, y - 19), (x + 109, y - 19), (x + 106, y - 3), (x + 90, y - 3)]), colours.second)


def _weaving(studio: Studio, x: float, dice: Dice) -> None:
    paper, colours = studio.paper, studio.colours
    paper.line(f"M{number(x + 8)} 102L{number(x + 37)} 82L{number(x + 66)} 102", darker(colours.wood, 0.1), 1.6)
    paper.dashes(f"M{number(x + 10)} 188h55", colours.linen, 40, "3 4.2")
    paper.path(polygon([(x + 8, 104), (x + 66, 104), (x + 66, 172), (x + 37, 190), (x + 8, 172)]), colours.linen)
    paper.rect(x + 8, 118, 58, 9, colours.main)
    rhombs = "".join(polygon([(c - 8, 146), (c, 136), (c + 8, 146), (c, 156)]) for c in (x + 20, x + 37, x + 54))
    paper.path(rhombs, dice.pick((colours.second, colours.main)))
    paper.rect(x, 99, 74, 6, colours.wood)


def _clock(studio: Studio, x: float, dice: Dice) -> None:
    paper, colours, middle = studio.paper, studio.colours, x + 30
    paper.circle(middle, 136, 30, colours.wood)
    paper.circle(middle, 136, 25, lighter(colours.linen, 0.15))
    ink = darker(colours.wood, 0.5)
    paper.line(f"M{number(middle)} 136l{dice.pick((9, -9))}-8M{number(middle)} 136l{dice.whole(-4, 4)}-18", ink, 2.6)
    paper.dots([(middle + dx, 136 + dy) for dx, dy in ((0, -21), (21, 0), (0, 21), (-21, 0))], 1.6, ink)


def _pendant(studio: Studio, x: float, dice: Dice) -> None:
    paper, middle, y = studio.paper, x + 32, dice.whole(92, 128)
    paper.path(box(middle - 0.8, 0, 1.6, y - 16), darker(studio.colours.wood, 0.4))
    kind = dice.whole(0, 2)
    if kind == 0:
        paper.path(f"M{number(middle - 32)} {y + 14}a32 32 0 0 1 64 0z", studio.shade)
    elif kind == 1:
        paper.circle(middle, y, 23, studio.shade)
    else:
        fill = darker(studio.shade, 0.05)
        paper.path(
            polygon([(middle - 9, y - 18), (middle + 9, y - 18), (middle + 30, y + 16), (middle - 30, y + 16)]), fill
        )
    studio.lamp(middle, y + 6, 150)


def _hooks(studio: Studio, x: float, dice: Dice) -> None:
    """A rail with a hat, a bag or a scarf."""
    paper, colours = studio.paper, studio.colours
    paper.rect(x, 128, 110, 9, colours.wood)
    paper.path("".join(box(x + at, 134, 4, 10) for at in (14, 53, 92)), darker(colours.wood, 0.3))
    hat, bag = (x + 16, x + 78) if dice.chance(0.5) else (x + 94, x + 12)
    paper.ellipse(hat, 158, 24, 6, colours.second)
    paper.path(f"M{number(hat - 14)} 157q0-22 14-22t14 22z", lighter(colours.second, 0.12))
    paper.line(f"M{number(bag + 6)} 168L{number(bag + 15)} 139L{number(bag + 24)} 168", colours.main, 3)
    paper.rect(bag, 166, 31, 34, colours.main, r=4)


def _sconce(studio: Studio, x: float, dice: Dice) -> None:
    paper, middle = studio.paper, x + 22
    paper.path(box(middle - 5, 172, 10, 24), darker(studio.colours.wood, 0.25))
    top = 10 if dice.chance(0.5) else 16
    paper.path(
        polygon([(middle - top, 138), (middle + top, 138), (middle + 20, 174), (middle - 20, 174)]), studio.shade
    )
    studio.lamp(middle, 158, 120)


def _plate_trio(studio: Studio, x: float, dice: Dice) -> None:
    colours = dice.shuffled((studio.colours.main, studio.colours.second, studio.colours.linen))
    for fill, (px, py, r) in zip(colours, ((24, 138, 24), (74, 122, 20), (70, 172, 25)), strict=True):
        studio.paper.circle(x + px, py, r, fill)
        studio.paper.circle(x + px, py, r * 0.62, lighter(fill, 0.3))


_THINGS: Mapping[str, Callable[[Studio, float, Dice], None]] = {
    "clock": _clock,
    "hooks": _hooks,
    "mirror": _mirror,
    "pair": _pair,
    "pendant": _pendant,
    "picture": _picture,
    "plate trio": _plate_trio,
    "sconce": _sconce,
    "shelf": _shelf,
    "weaving": _weaving,
    "wide picture": _wide_picture,
}
