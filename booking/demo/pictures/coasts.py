"""Views of cities by the sea."""

from __future__ import annotations

from booking.demo.pictures.colours import darker, lighter
from booking.demo.pictures.scenery import (
    LEFT,
    View,
    conifers,
    glass,
    ground,
    hills,
    lights,
    palm,
    panes,
    peaks,
    row,
    sail,
    sky,
    trees,
    water,
)
from booking.demo.pictures.svg import arch, box, number, polygon


def tel_aviv(view: View) -> None:
    """Palms on the beach, a sail, white houses with rounded balconies."""
    dice = view.dice
    sky(view)
    water(view, 196, "#6fb0bb", 262)
    sail(view, dice.whole(40, 120), 216, dice.whole(20, 28))
    view.paper.path(f"M{LEFT} 262Q60 236 200 250T460 244V320H{LEFT}z", view.tone("#efdcb2"))
    right = dice.whole(196, 226)
    for place, (dx, w, h) in enumerate(((128, 84, 100), (62, 78, 134), (0, 74, 92))):
        _bauhaus(view, right + dx, w, h - dice.whole(0, 22), ("#f3eee0", "#fbf8ef", "#f0e4cf")[place])
    ground(view, 262, "#dcc7a2")
    palm(view, dice.whole(92, 112), 272, dice.whole(92, 112))
    palm(view, dice.whole(146, 166), 268, dice.whole(66, 84))
    palm(view, dice.whole(20, 60), 280, dice.whole(70, 90))


def _bauhaus(view: View, x: float, w: float, h: float, wall: str) -> None:
    base = 264
    paper, top = view.paper, base - h
    paper.rect(x + w * 0.55, top - 13, 20, 14, view.tone(darker(wall, 0.1)))
    paper.rect(x + w * 0.18, top - 10, 14, 7, view.tone("#8fa3a6"), r=3)
    paper.rect(x, top, w, h, view.tone(wall), r=7)
    bands = "".join(f"M{number(x + 8)} {number(y)}h{number(w * 0.5)}" for y in _floors(top, base))
    paper.line(bands, view.tone(darker(wall, 0.32)), 7)
    lights(view, panes(view, x + w * 0.72, top + 12, (1, int(h // 21)), (10, 20), w=9), wall, h=9)


def _floors(top: float, base: float) -> range:
    return range(int(top) + 15, int(base) - 6, 20)


def lisbon(view: View) -> None:
    """Red roofs up a hill, the bridge over the river, a tram."""
    dice = view.dice
    sky(view)
    hills(view, 186, 16, "#8fa58a", 0.6)
    water(view, 180, "#7fb0bf", 240)
    _suspension_bridge(view, dice.whole(-30, 0))
    walls = ("#f7ead2", "#f2d3b4", "#e9b9a0", "#cfdcd8", "#f3dfa0")
    roofs = ("#c8603f", "#b9553a", "#d27350")
    shift = dice.whole(-16, 16)
    for base, left, depth in ((186, 262, 0.3), (222, 180, 0.12)):
        row(view, base, (24, 34), walls, roofs, depth=depth, left=left + shift)
        view.paper.path(polygon([(left + shift + 6, base), (460, base), (460, base + 30), (left - 40, base + 30)]),
                        view.tone("#a9b48b", depth))  # fmt: skip
    row(view, 258, (28, 46), walls, roofs)
    ground(view, 256, "#cbb9a2")
    _tram(view, dice.whole(70, 210), 268)


def _suspension_bridge(view: View, x: float) -> None:
    red = view.tone("#b5452f", 0.25)
    view.paper.path(box(x + 48, 112, 5, 84) + box(x + 168, 112, 5, 84) + box(x - 60, 170, 360, 4), red)
    cables = f"M{x - 60} 168Q{x - 10} 158 {x + 50} 114Q{x + 110} 216 {x + 170} 114Q{x + 230} 160 {x + 290} 168"
    view.paper.line(cables, red, 1.8)


def _tram(view: View, x: float, base: float) -> None:
    paper, yellow = view.paper, view.tone("#f0b93a")
    paper.line(f"M{LEFT} {base - 52}H460M{x + 34} {base - 38}l10-14", view.tone("#4a4144"), 1.3)
    paper.rect(x, base - 38, 72, 34, yellow, r=6)
    paper.rect(x, base - 34, 72, 3, view.tone("#fbf3df"))
    paper.rect(x, base - 12, 72, 9, view.tone("#b8532f"), r=2)
    glass(view, "".join(box(x + 6 + 15.5 * place, base - 29, 12, 13) for place in range(4)), "#6a7a86")
    paper.dots([(x + 16, base - 3), (x + 56, base - 3)], 4.5, view.tone("#3d3636"))


def reykjavik(view: View) -> None:
    """The stepped church among coloured roofs, snow across the bay; in the evening northern lights."""
    dice = view.dice
    sky(view)
    if view.evening:
        _aurora(view)
    tops = [(x + dice.whole(-14, 14), dice.whole(140, 160)) for x in (0, 70, 150, 240, 330, 410)]
    peaks(view, 206, tops, "#6d7f92", 0.5, snow=16)
    water(view, 200, "#7fa3ae", 222)
    walls = ("#c4513f", "#4f7f93", "#f3eee2", "#e0b04f", "#5e8a72")
    roofs = ("#6b6f78", "#a8453a", "#3f5a6a")
    row(view, 234, (16, 24), walls, roofs, shape="gable", depth=0.3, width=(34, 46))
    _stepped_church(view, dice.whole(176, 224), 246)
    row(view, 264, (22, 32), walls, roofs, shape="gable", width=(42, 58))
    ground(view, 263, "#7c8a74")


def _aurora(view: View) -> None:
    dice = view.dice.of("aurora")
    for colour, y in (("#6fe0b0", dice.whole(84, 100)), ("#8fd3d8", dice.whole(60, 80))):
        fade = view.paper.fade(((0, colour, 0), (0.7, colour, 0.55), (1, colour, 0.05)))
        a, b = dice.whole(-30, 30), dice.whole(-24, 24)
        ribbon = f"M{LEFT} {y + a}C60 {y - 50} 150 {y + 60} 240 {y + b}S400 {y - 30} 460 {y + 10}v46"
        view.paper.path(f"{ribbon}C400 {y + 24} 330 {y + 20} 240 {y + 46 + b}S60 {y + 10} {LEFT} {y + 48 + a}z", fade)


def _stepped_church(view: View, x: float, base: float) -> None:
    stone = "#d8d2c6"
    wings = "".join(
        box(x + side * (12 + 7 * step) - 3.5, base - 96 * 0.8**step, 7, 96 * 0.8**step)
        for step in range(7)
        for side in (-1, 1)
    )
    view.paper.path(wings, view.tone(darker(stone, 0.12)))
    tower = [(x - 11, base), (x - 11, base - 124), (x - 4, base - 150), (x, base - 166), (x + 4, base - 150)]
    view.paper.path(polygon([*tower, (x + 11, base - 124), (x + 11, base)]), view.tone(stone))
    glass(view, box(x - 2, base - 118, 4, 26) + arch(x - 5, base - 30, 10, 30), stone)


def cape_town(view: View) -> None:
    """The flat mountain, sometimes under its cloth of cloud, above painted houses."""
    dice = view.dice
    sky(view)
    top = dice.whole(98, 110)
    cone = f"M300 220L366 {top + 34}Q374 {top + 26} 382 {top + 36}L460 210z"
    view.paper.path(cone, view.tone("#8b8f83", 0.4))
    view.paper.path(f"M{LEFT} 220L-10 {top + 26}L14 {top + 14}L40 {top + 52}L70 220z", view.tone("#87897f", 0.45))
    table = f"M-30 224L52 {top + 40}L70 {top + 4}L160 {top}L280 {top + 2}L296 {top + 44}L372 224z"
    view.paper.path(table, view.tone("#8f867c", 0.3))
    clefts = "".join(f"M{x} {top + 6}l{dice.whole(-8, 8)} {dice.whole(26, 44)}" for x in range(90, 280, 24))
    view.paper.line(clefts, view.tone("#75706c", 0.3), 2.5, o=0.7)
    if dice.chance(0.6):
        cloth = f"M62 {top + 3}Q110 {top - 16} 170 {top - 6}T288 {top + 1}Q260 {top + 13} 200 {top + 7}T62 {top + 3}z"
        view.paper.path(cloth, lighter(view.light.bottom, 0.5), o=0.9)
    hills(view, 212, 14, "#7b9470", 0.25, waves=4)
    row(view, 234, (16, 24), ("#f3ede0", "#ead9c2"), ("#8a6d5f", "#a5786a"), depth=0.2)
    walls = ("#e58f6b", "#74a8a0", "#f0c75e", "#d77f92", "#8fa9c9", "#f6efe2")
    row(view, 264, (28, 38), walls, ("#fbf6ea", "#efe6d6"), shape="flat")
    ground(view, 263, "#b9a68f")


def vancouver(view: View) -> None:
    """Glass towers between firs and mountains with snow."""
    dice = view.dice
    sky(view)
    tops = [(x + dice.whole(-16, 16), dice.whole(88, 124)) for x in (-10, 70, 150, 230, 310, 390)]
    peaks(view, 216, tops, "#7489a0", 0.55, snow=26)
    hills(view, 204, 22, "#5f7f76", 0.4, waves=4)
    water(view, 206, "#6f9fae")
    sail(view, dice.whole(290, 350), 226, 22)
    left = dice.whole(60, 110)
    for dx, w, h in ((0, 30, 92), (64, 28, 112), (32, 34, 136), (-38, 34, 72), (96, 30, 70)):
        _glass_tower(view, left + dx, 246, w, h - dice.whole(0, 18))
    view.paper.path(f"M{LEFT} 244H250Q310 250 350 262T460 258V320H{LEFT}z", view.tone("#6b8560"))
    near = [(x + dice.whole(-6, 6), 272, dice.whole(44, 78)) for x in (262, 300, 330, 362, 392)]
    conifers(view, near, "#3f6355")
    conifers(view, [(x + dice.whole(-5, 5), 266, dice.whole(24, 38)) for x in (30, 62, 210)], "#4f7563")


def _glass_tower(view: View, x: float, base: float, w: float, h: float) -> None:
    wall = "#a9c4c6"
    view.paper.rect(x, base - h, w, h, view.tone(wall))
    view.paper.rect(x, base - h, w * 0.32, h, view.tone("#86a9ae"))
    lights(view, panes(view, x + w * 0.42, base - h + 7, (2, int(h // 14)), (8.5, 13), w=6), wall)


def auckland(view: View) -> None:
    """Sails, the tower, and the island volcano across the harbour."""
    dice = view.dice
    sky(view)
    crest = dice.whole(158, 166)
    cone = f"M-20 206Q70 194 {108} {crest}q14 5 28 0Q176 194 270 206z"
    view.paper.path(cone, view.tone("#6f8f86", 0.5))
    water(view, 202, "#6fa9b8")
    for x, y in ((28, 222), (84, 232), (132, 218), (330, 226)):
        sail(view, x + dice.whole(-14, 14), y, dice.whole(20, 32))
    left = dice.whole(186, 208)
    for dx, w, h in ((0, 30, 78), (34, 34, 104), (98, 32, 92), (134, 36, 66), (172, 30, 86), (206, 36, 60)):
        _office(view, left + dx, 250, w, h - dice.whole(0, 16))
    _sky_tower(view, left + 82, 252)
    view.paper.path(f"M{LEFT} 262Q80 244 190 248T460 244V320H{LEFT}z", view.tone("#7fa06c"))
    trees(view, [(x + dice.whole(-8, 8), 264, dice.whole(9, 14)) for x in (60, 190, 300, 370)], "#b5453c")


def _office(view: View, x: float, base: float, w: float, h: float) -> None:
    wall = view.dice.of(f"office{x}").pick(("#c9cfc9", "#dcd5c8", "#b5c3c6"))
    view.paper.rect(x, base - h, w, h, view.tone(wall, 0.1))
    lights(view, panes(view, x + 5, base - h + 7, (int((w - 4) // 9), int(h // 14)), (9, 13)), wall, 0.1)


def _sky_tower(view: View, x: float, base: float) -> None:
    shaft = [(x - 6, base), (x - 3, base - 118), (x + 3, base - 118), (x + 6, base)]
    pod = [(x - 6, base - 116), (x - 14, base - 132), (x - 11, base - 144), (x + 11, base - 144), (x + 14, base - 132)]
    view.paper.path(polygon(shaft) + polygon([*pod, (x + 6, base - 116)]), view.tone("#d9dad6"))
    view.paper.path(box(x - 4, base - 154, 8, 11) + box(x - 1.5, base - 186, 3, 34), view.tone("#c3c6c4"))
    glass(view, box(x - 12, base - 137, 24, 4), "#d9dad6")
