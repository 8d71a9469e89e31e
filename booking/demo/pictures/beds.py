"""Beds: seen from the foot, from the side, and bunks. Every place to sleep is a group of its own."""

from __future__ import annotations

from collections.abc import Callable

from booking.demo.pictures.canvas import FLOOR, FOOT, STAND, Studio
from booking.demo.pictures.colours import darker, lighter, mix
from booking.demo.pictures.layout import Bed
from booking.demo.pictures.seeded_random import Dice
from booking.demo.pictures.svg import box, number

BED = 'data-part="bed"'


def draw(studio: Studio, bed: Bed) -> None:
    """One bed, or the two of a bunk."""
    {"front": _front, "side": _side, "bunk": _bunk}[bed.kind](studio, bed)


def _style(studio: Studio) -> Dice:
    # The same dice for every bed, so that the beds of one room match.
    return studio.dice.of("bed style")


def _front(studio: Studio, bed: Bed) -> None:
    dice, x, w = _style(studio), bed.x, bed.w
    key = "d" if bed.double else "s"
    first = studio.seen.setdefault(key, x)
    studio.shadow(x, FOOT, w)
    with studio.paper.once(key, BED, f'x="{number(x - first)}"') as new:
        if not new:
            return
        top = dice.whole(258, 272)
        dice.pick(_HEADBOARDS)(studio, x, top, w)
        _pillows(studio, x, w, bed.double, cushion=dice.chance(0.65))
        _frame(studio, x, w)
        _cover(studio, x, w, dice)


def _panel(studio: Studio, x: float, top: float, w: float) -> None:
    wood = studio.colours.wood
    studio.paper.rect(x - 3, top, w + 6, STAND - top, wood, r=8)
    studio.paper.rect(x + 6, top + 9, w - 12, 50, lighter(wood, 0.12), r=5)


def _round(studio: Studio, x: float, top: float, w: float) -> None:
    curve = f"M{number(x - 3)} {STAND}V{number(top + 26)}Q{number(x + w / 2)} {number(top - 34)}"
    fill = mix(studio.colours.main, studio.colours.panel, 0.35)
    studio.paper.path(f"{curve} {number(x + w + 3)} {number(top + 26)}V{STAND}z", fill)


def _slats(studio: Studio, x: float, top: float, w: float) -> None:
    gap = (w - 17) / max(3, int(w // 26) - 1) - 5
    studio.paper.dashes(f"M{number(x + 6)} {top + 50}h{number(w - 10)}", studio.colours.wood, 88, f"5 {gap:.2f}")
    studio.paper.path(box(x - 3, top + 14, 8, 110) + box(x + w - 5, top + 14, 8, 110), studio.colours.wood)
    studio.paper.rect(x - 6, top, w + 12, 11, darker(studio.colours.wood, 0.12), r=5)


def _upholstered(studio: Studio, x: float, top: float, w: float) -> None:
    fill = mix(studio.colours.second, studio.colours.panel, 0.3)
    studio.paper.rect(x - 4, top, w + 8, STAND - top, fill, r=14)
    count = max(3, int(w // 36))
    seams = "".join(f"M{number(x + w / count * place)} {number(top + 5)}v80" for place in range(1, count))
    studio.paper.line(seams, darker(fill, 0.12), 2)


def _cane(studio: Studio, x: float, top: float, w: float) -> None:
    wood = lighter(studio.colours.wood, 0.2)
    studio.paper.rect(x - 4, top, w + 8, STAND - top, wood, r=20)
    studio.paper.rect(x + 5, top + 9, w - 10, STAND - top, mix(wood, studio.colours.linen, 0.5), r=13)
    gap = (w - 10) / round(w / 18) - 1.5
    studio.paper.dashes(f"M{number(x + 5 + gap)} {top + 44}h{number(w - 12 - gap)}", wood, 70, f"1.5 {gap:.2f}")
    studio.paper.line(f"M{number(x + 5)} {number(top + 28)}h{number(w - 10)}", wood, 1.5)


_HEADBOARDS: tuple[Callable[[Studio, float, float, float], None], ...] = (_panel, _round, _slats, _upholstered, _cane)


def _pillows(studio: Studio, x: float, w: float, double: bool, *, cushion: bool) -> None:
    paper, linen = studio.paper, studio.colours.linen
    count = 2 if double else 1
    each = (w - 16 - 8 * (count - 1)) / count
    lefts = [x + 8 + (each + 8) * place for place in range(count)]
    paper.soft([(left, 300, each, 44) for left in lefts], 11, linen)
    paper.line("".join(f"M{number(left + 12)} 337h{number(each - 24)}" for left in lefts), darker(linen, 0.1), 12)
    if cushion:
        size = min(54, each * 0.6)
        paper.rect(x + w / 2 - size / 2, 314, size, 34, studio.colours.second, r=9)
        paper.line(
            f"M{number(x + w / 2 - size / 2 + 8)} 331h{number(size - 16)}", lighter(studio.colours.second, 0.4), 2
        )


def _frame(studio: Studio, x: float, w: float) -> None:
    wood = darker(studio.colours.wood, 0.1)
    studio.paper.path(box(x + 6, FOOT - 16, 8, 18) + box(x + w - 14, FOOT - 16, 8, 18), darker(wood, 0.2))
    studio.paper.rect(x - 1, FOOT - 26, w + 2, 18, wood, r=4)


def _cover(studio: Studio, x: float, w: float, dice: Dice) -> None:
    paper, colours = studio.paper, studio.colours
    fill = dice.pick((colours.main, colours.main, colours.linen, mix(colours.main, colours.linen, 0.55)))
    sheet = darker(colours.linen, 0.05) if fill != colours.linen else mix(colours.main, colours.linen, 0.25)
    paper.path(_drape(x - 5, 336, w + 10, FOOT - 12), fill)
    dice.pick(_PATTERNS)(studio, x, w, _on(fill, colours.linen))
    paper.path(_drape(x - 5, 336, w + 10, 362), sheet)
    if dice.chance(0.55):
        throw = colours.second if fill != colours.second else colours.linen
        paper.rect(x - 6, 392, w + 12, 24, throw)
        paper.line(f"M{number(x - 6)} 398h{number(w + 12)}m0 12h{number(-w - 12)}", lighter(throw, 0.3), 2, cap="butt")


def _on(fill: str, linen: str) -> str:
    return darker(fill, 0.1) if fill == linen else lighter(fill, 0.22)


def _drape(x: float, y: float, w: float, bottom: float) -> str:
    return (
        f"M{number(x)} {number(bottom)}V{number(y + 18)}q0-18 18-18h{number(w - 36)}q18 0 18 18V{number(bottom)}"
        f"q{number(-w / 2)} 7 {number(-w)} 0z"
    )


def _plain(studio: Studio, x: float, w: float, colour: str) -> None:
    folds = f"M{number(x + w * 0.28)} 372q4 24-2 50M{number(x + w * 0.7)} 370q-5 22 3 52"
    studio.paper.line(folds, colour, 2, o=0.7)


def _stripes(studio: Studio, x: float, w: float, colour: str) -> None:
    step = w / max(3, int(w // 30))
    studio.paper.dashes(f"M{number(x + step / 2 - 3)} 394h{number(w - step / 2)}", colour, 62, f"7 {step - 7:.2f}")


def _dots(studio: Studio, x: float, w: float, colour: str) -> None:
    columns = int((w - 12) // 26)
    left, reach = number(x + (w - 26 * (columns - 1)) / 2), 26 * (columns - 1) + 1
    rows = "".join(f"M{left} {y}h{reach}" for y in (374, 396, 418))
    studio.paper.dashes(rows, colour, 7.2, "0 26", cap="round")


def _check(studio: Studio, x: float, w: float, colour: str) -> None:
    count = max(3, int(w // 36))
    data = "".join(f"M{number(x + w / count * (place + 0.5))} 362v64" for place in range(count))
    studio.paper.line(f"{data}M{number(x - 5)} 378h{number(w + 10)}m0 30h{number(-w - 10)}", colour, 3, cap="butt")


def _diamonds(studio: Studio, x: float, w: float, colour: str) -> None:
    count = max(3, int(w // 40))
    middles = (x + w / count * (place + 0.5) for place in range(count))
    studio.paper.path("".join(f"M{number(c - 11)} 391l11 -13 11 13 -11 13z" for c in middles), colour)


_PATTERNS: tuple[Callable[[Studio, float, float, str], None], ...] = (
    _plain,
    _plain,
    _stripes,
    _dots,
    _check,
    _diamonds,
)


def _side(studio: Studio, bed: Bed) -> None:
    dice = _style(studio)
    paper, colours, x, w = studio.paper, studio.colours, bed.x, bed.w
    wood, base = colours.wood, STAND + 22
    head, foot = (x, x + w - 12) if bed.head_left else (x + w - 12, x)
    with paper.group(BED):
        studio.shadow(x, base, w)
        paper.path(box(x + 2, base - 30, 9, 30) + box(x + w - 11, base - 30, 9, 30), darker(wood, 0.25))
        paper.rect(head, 264, 12, base - 278, wood, r=5)
        paper.rect(foot, 318, 12, base - 332, wood, r=5)
        paper.rect(x + 4, 330, w - 8, 42, colours.linen, r=9)
        _side_pillows(studio, bed)
        _side_cover(studio, bed, dice)
        paper.rect(x, 369, w, 20, darker(wood, 0.1), r=4)


def _side_pillows(studio: Studio, bed: Bed) -> None:
    colours, sign = studio.colours, 1 if bed.head_left else -1
    edge = bed.x + 14 if bed.head_left else bed.x + bed.w - 14
    spots = [(6, 42, colours.linen), (32, 34, colours.second)]
    if bed.double:
        spots = [(4, 50, darker(colours.linen, 0.08)), (28, 44, colours.linen), (58, 34, colours.second)]
    for offset, size, fill in spots:
        a, b = edge + sign * offset, edge + sign * (offset + size * 0.62)
        data = f"M{number(a)} 334Q{number(a - sign * 6)} {332 - size} {number(a + sign * 9)} {330 - size}"
        studio.paper.path(f"{data}Q{number(b + sign * 9)} {332 - size * 0.6:g} {number(b + sign * 6)} 334z", fill)


def _side_cover(studio: Studio, bed: Bed, dice: Dice) -> None:
    paper, main = studio.paper, studio.colours.main
    share = 0.66 if bed.double else 0.62
    left = bed.x + bed.w * (1 - share) - 8 if bed.head_left else bed.x + 8
    w = bed.w * share
    cover = f"M{number(left)} 342q0-17 18-17h{number(w - 36)}q18 0 18 17v38q{number(-w / 4)} 8 {number(-w / 2)} 0"
    paper.path(f"{cover}t{number(-w / 2)} 0z", main)
    fold = left if bed.head_left else left + w - 28
    paper.rect(fold, 324, 28, 57, darker(studio.colours.linen, 0.06), r=6)
    if dice.chance(0.6):
        throw = left + w * (0.62 if bed.head_left else 0.16)
        paper.rect(throw, 324, w * 0.22, 62, studio.colours.second)
        lines = f"M{number(throw + 8)} 324v62M{number(throw + w * 0.22 - 8)} 324v62"
        paper.line(lines, lighter(studio.colours.second, 0.35), 2.5, cap="butt")


def _bunk(studio: Studio, bed: Bed) -> None:
    paper, wood, x, w = studio.paper, studio.colours.wood, bed.x, bed.w
    base = STAND + 22
    studio.shadow(x, base, w)
    for level in (356, 238):
        with paper.group(BED):
            _berth(studio, bed, level)
    posts = box(x, 186, 11, base - 186) + box(x + w - 11, 186, 11, base - 186)
    ladder = x + w - 52 if bed.head_left else x + 22
    paper.path(posts, wood)
    paper.path(box(ladder - 4, 196, 6, base - 196) + box(ladder + 26, 196, 6, base - 196), lighter(wood, 0.2))
    paper.dashes(f"M{number(ladder + 14)} 226V{base - 12}", lighter(wood, 0.2), 28, "5 22")


def _berth(studio: Studio, bed: Bed, level: int) -> None:
    paper, colours, x, w = studio.paper, studio.colours, bed.x, bed.w
    upper = level < FLOOR - 50
    paper.rect(x + 6, level - 26, w - 12, 28, colours.linen, r=8)
    pillow = x + 14 if bed.head_left else x + w - 66
    paper.rect(pillow, level - 40, 52, 24, darker(colours.linen, 0.06), r=10)
    cover = x + 74 if bed.head_left else x + 8
    paper.rect(cover, level - 31, w - 82, 33, colours.main if upper else colours.second, r=9)
    paper.rect(x + 4, level, w - 8, 15, darker(colours.wood, 0.08))
    if upper:
        paper.rect(x + 4, level - 44, w - 8, 8, darker(colours.wood, 0.08), r=4)
