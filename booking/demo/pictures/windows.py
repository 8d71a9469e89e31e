"""The window: the view behind its glass, its frame, and what hangs beside it."""

from __future__ import annotations

from booking.demo.pictures.canvas import FLOOR, Studio
from booking.demo.pictures.cities import SKIES, paint
from booking.demo.pictures.colours import DAYS, EVENINGS, PAPER, darker, lighter, mix
from booking.demo.pictures.layout import Window
from booking.demo.pictures.scenery import View
from booking.demo.pictures.seeded_random import Dice
from booking.demo.pictures.svg import arch, box, dot, number

# The height in a view that a window should show if it shows nothing else.
_EYE = 165


def draw(studio: Studio, window: Window, city: str) -> None:
    """View, frame, curtains."""
    frame = _frame_colour(studio)
    studio.paper.path(_outline(window, 11), frame)
    _view(studio, window, city)
    _bars(studio, window, frame)
    _sill(studio, window, frame)
    _DRESSINGS[window.dressing](studio, window)


def _frame_colour(studio: Studio) -> str:
    colours = studio.colours
    return studio.dice.of("frame").pick((lighter(colours.linen, 0.1), colours.wood, lighter(colours.wood, 0.25)))


def _outline(window: Window, by: float) -> str:
    """The glass grown by `by`; a pair counts as one opening with a post in the middle."""
    x, y, w, h = window.x - by, window.y - by, window.w + 2 * by, window.h + 2 * by
    if window.kind == "round":
        return dot(x + w / 2, y + h / 2, w / 2)
    return arch(x, y, w, h) if window.kind == "arch" else box(x, y, w, h)


def _glass(window: Window) -> str:
    if window.kind != "pair":
        return _outline(window, 0)
    half = window.w / 2 - 12
    return box(window.x, window.y, half, window.h) + box(window.x + half + 24, window.y, half, window.h)


def _view(studio: Studio, window: Window, city: str) -> None:
    paper, dice = studio.paper, studio.dice.of("view")
    scale = max(window.w / 400, window.h / 300)
    seen = window.h / scale
    top = min(max(_EYE - seen / 2, 0), 300 - seen)
    pan = _pan(dice, window, window.w / scale)
    left = 200 - window.w / scale / 2 + pan
    light = dice.pick([EVENINGS[place] for place in SKIES.get(city, range(4))] if studio.evening else DAYS)
    place = f"translate({number(window.x - left * scale)} {number(window.y - top * scale)}) scale({scale:.3f})"
    with paper.group(f'clip-path="{paper.clip(_glass(window))}"'), paper.group(f'transform="{place}"'):
        paint(View(paper, dice, light, studio.evening, left, left + window.w / scale), city)


def _pan(dice: Dice, window: Window, seen: float) -> float:
    """How far the view is moved: with a post in the middle, so that it does not stand in front of the landmark."""
    if window.kind == "pair":
        return dice.pick((-1, 1)) * min(seen / 4, 58)
    if window.kind != "casement" or _columns(window) == 2:
        return dice.pick((-1, 1)) * min(seen / 6, 40)
    return dice.whole(-24, 24)


def _columns(window: Window) -> int:
    return 3 if window.w > 270 else 2


def _bars(studio: Studio, window: Window, frame: str) -> None:
    x, y, w, h, dice = window.x, window.y, window.w, window.h, studio.dice.of("bars")
    if window.kind == "pair":
        studio.paper.rect(x + w / 2 - 12, y, 24, h, frame)
        studio.paper.line(_across(x, y + h * 0.3, w), frame, 5, cap="butt")
        return
    if window.kind == "door":
        _door(studio, window, frame)
        return
    columns = _columns(window)
    data = "".join(f"M{number(x + w / columns * place)} {y}v{h}" for place in range(1, columns))
    if window.kind in ("arch", "round"):
        data = f"M{number(x + w / 2)} {y}v{h}" + _across(x, y + (w if window.kind == "arch" else h) / 2, w)
    elif dice.chance(0.6):
        data += _across(x, y + h * dice.pick((0.28, 0.5)), w)
    studio.paper.line(data, frame, 6, cap="butt")


def _across(x: float, y: float, w: float) -> str:
    return f"M{number(x)} {number(y)}h{number(w)}"


def _door(studio: Studio, window: Window, frame: str) -> None:
    """Two leaves, and the railing of a small balcony behind them."""
    x, y, w, h = window.x, window.y, window.w, window.h
    iron, rail = darker(studio.colours.wood, 0.45), y + h - 92
    studio.paper.dashes(f"M{number(x + 10)} {rail + 46}h{number(w - 10)}", iron, 92, "2 10")
    studio.paper.rect(x, rail - 4, w, 5, iron)
    studio.paper.rect(x, y + h - 10, w, 10, darker(frame, 0.12))
    studio.paper.rect(x + w / 2 - 7, y, 14, h, frame)
    studio.paper.line(_across(x, y + 62, w), frame, 5, cap="butt")
    studio.paper.circle(x + w / 2 + 3, y + h * 0.55, 3, darker(studio.colours.wood, 0.2))


def _sill(studio: Studio, window: Window, frame: str) -> None:
    if window.kind in ("door", "round"):
        return
    x, y, w, dice = window.x, window.bottom + 8, window.w, studio.dice.of("sill")
    if dice.chance(0.45) and window.dressing != "shutters":
        _pot(studio, x + w * dice.pick((0.14, 0.8)), y)
    studio.paper.rect(x - 18, y, w + 36, 9, lighter(frame, 0.15))
    studio.paper.rect(x - 14, y + 9, w + 28, 4, darker(studio.colours.wall, 0.25), o=0.5)


def _pot(studio: Studio, x: float, y: float) -> None:
    leaf = studio.colours.leaf
    x = round(x)
    leaves = "".join(
        f"M{x} {y - 14}q{dx} {dy} {2 * dx} {dy}q{-2 * dx} 8 {-2 * dx} {-dy}"
        for dx, dy in ((-9, -9), (-4, -24), (4, -24), (9, -9))
    )
    studio.paper.path(leaves, leaf)
    studio.paper.path(f"M{number(x - 10)} {y - 18}h20l-3 18h-14z", studio.colours.second)


def _curtains(studio: Studio, window: Window) -> None:
    colours, dice = studio.colours, studio.dice.of("curtains")
    fill = dice.pick((colours.linen, colours.second, mix(colours.main, colours.linen, 0.45), colours.panel))
    if fill == colours.panel:
        fill = lighter(fill, 0.35)
    top = window.y - 22
    long = window.kind == "door" or (dice.chance(0.5) and window.bottom > 250)
    bottom = FLOOR + 8 if long else window.bottom + 30
    tied = dice.chance(0.5)
    mirrored = f'transform="translate({2 * window.x + window.w}) scale(-1 1)"'
    for _ in range(2):
        with studio.paper.once("c", "", mirrored) as new:
            if new:
                _panel(studio, window.x - 40, (top, bottom), fill, tied=tied)
    rod = darker(colours.wood, 0.15)
    left, right = window.x - 50, window.x + window.w + 50
    studio.paper.line(f"M{left} {top - 2}H{right}", rod, 6)
    studio.paper.dots([(left, top - 2), (right, top - 2)], 6, rod)


def _panel(studio: Studio, x: float, ends: tuple[float, float], fill: str, *, tied: bool) -> None:
    """The left curtain, x being its outer edge."""
    top, bottom = ends
    knot = round(top + (bottom - top) * 0.62)
    waist, hem = (22, 40) if tied else (58, 56)
    data = f"M{x} {top}h58Q{x + 58} {knot - 30} {x + waist} {knot}L{x + hem} {bottom}H{x - 4}L{x} {knot}z"
    studio.paper.path(data, fill)
    folds = "".join(
        f"M{x + at} {top + 2}Q{x + at} {knot - 30} {number(x + at * waist / 58)} {knot}"
        f"L{number(x + at * hem / 58)} {bottom - 2}"
        for at in (14, 30, 45)
    )
    studio.paper.line(folds, darker(fill, 0.13), 2.5)
    if tied:
        studio.paper.rect(x - 2, knot - 4, waist + 4, 8, studio.colours.main, r=4)


def _shutters(studio: Studio, window: Window) -> None:
    fill, w = mix(studio.colours.main, studio.colours.panel, 0.35), window.w / 4
    for x in (window.x - 13 - w, window.x + window.w + 13):
        studio.paper.rect(x, window.y - 9, w, window.h + 18, fill)
        slats = f"M{number(x + w / 2)} {window.y + 6}V{window.bottom - 6}"
        studio.paper.dashes(slats, darker(fill, 0.2), w - 16, "4 9")


def _blind(studio: Studio, window: Window) -> None:
    x, y, w, dice = window.x - 6, window.y - 14, window.w + 12, studio.dice.of("blind")
    fill, h = studio.dice.of("blind").pick((studio.colours.linen, studio.colours.second)), 16 + dice.whole(24, 44)
    studio.paper.rect(x, y, w, h, fill)
    studio.paper.line(_across(x, y + h * 0.55, w) + _across(x, y + h * 0.78, w), darker(fill, 0.12), 2, cap="butt")
    studio.paper.rect(x - 3, y + h - 4, w + 6, 8, darker(fill, 0.1), r=4)
    studio.paper.rect(x - 4, y - 4, w + 8, 9, darker(studio.colours.wood, 0.1))


def _nothing(studio: Studio, window: Window) -> None:
    """A plain window keeps a gleam on its glass."""
    if window.kind != "round":
        x, y = window.x + window.w * 0.1, window.y + window.h * 0.62
        studio.paper.line(f"M{number(x)} {number(y)}l34-52m-10 62l22-34", PAPER, 4, o=0.22)


_DRESSINGS = {"curtains": _curtains, "shutters": _shutters, "blind": _blind, "none": _nothing}
