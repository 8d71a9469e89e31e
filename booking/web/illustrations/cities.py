"""The views of the demo's cities; every other city gets a skyline that follows from its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from booking.web.illustrations.colours import EVENINGS, darker, lighter
from booking.web.illustrations.paper import arch, box, dot, number, polygon
from booking.web.illustrations.scenery import (
    BOTTOM,
    LEFT,
    View,
    clouds,
    conifers,
    glass,
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
from booking.web.illustrations.skyline import skyline


def paint(view: View, city: str) -> None:
    """The view of `city` (a location slug)."""
    painter = VIEWS.get(city)
    if painter is None:
        skyline(view, city)
    else:
        painter(view)


def ground(view: View, y: float, colour: str) -> None:
    view.paper.rect(LEFT, y, 520, BOTTOM - y, view.tone(colour))


def tel_aviv(view: View) -> None:
    dice = view.dice
    sky(view)
    water(view, 196, "#6fb0bb", 262)
    sail(view, dice.whole(40, 120), 216, dice.whole(20, 28))
    view.paper.path(f"M{LEFT} 262Q60 236 200 250T460 244V320H{LEFT}z", view.tone("#efdcb2"))
    right = dice.whole(196, 226)
    for place, (dx, w, h) in enumerate(((128, 84, 100), (62, 78, 134), (0, 74, 92))):
        _bauhaus(view, right + dx, 264, w, h - dice.whole(0, 22), ("#f3eee0", "#fbf8ef", "#f0e4cf")[place])
    ground(view, 262, "#dcc7a2")
    palm(view, dice.whole(92, 112), 272, dice.whole(92, 112))
    palm(view, dice.whole(146, 166), 268, dice.whole(66, 84))
    palm(view, dice.whole(20, 60), 280, dice.whole(70, 90))


def _bauhaus(view: View, x: float, base: float, w: float, h: float, wall: str) -> None:
    paper, top = view.paper, base - h
    paper.rect(x + w * 0.55, top - 13, 20, 14, view.tone(darker(wall, 0.1)))
    paper.rect(x + w * 0.18, top - 10, 14, 7, view.tone("#8fa3a6"), r=3)
    paper.rect(x, top, w, h, view.tone(wall), r=7)
    bands = "".join(f"M{number(x + 8)} {number(y)}h{number(w * 0.5)}" for y in _floors(top, base))
    paper.line(bands, view.tone(darker(wall, 0.32)), 7)
    lights(view, panes(view, x + w * 0.72, top + 12, 1, int(h // 21), 10, 20, w=9), wall, h=9)


def _floors(top: float, base: float) -> range:
    return range(int(top) + 15, int(base) - 6, 20)


def lisbon(view: View) -> None:
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


def kyoto(view: View) -> None:
    dice = view.dice
    sky(view)
    hills(view, 190, 34, "#7f9f98", 0.75)
    hills(view, 208, 26, "#6f8f7a", 0.45, waves=4)
    x = dice.whole(186, 216)
    _pagoda(view, x, 246)
    reds, golds = "#c2563a", "#dd9440"
    trees(view, ((x - 88, 250, 22), (x + 102, 252, 26)), reds if dice.chance(0.7) else "#e3a9b2")
    trees(view, ((x - 52, 252, 15), (x + 62, 252, 14), (x - 150, 252, 24), (x + 160, 252, 22)), golds)
    ground(view, 244, "#8a9a70")
    _tiled_roof(view, 262, dice.whole(-40, -10))


def _pagoda(view: View, x: float, base: float) -> None:
    dark, body = view.tone("#4b4048"), view.tone("#a8543c")
    walls = roofs = ""
    for tier in range(5):
        half, y = 40 - 5 * tier, base - 28 - 27 * tier
        walls += box(x - half * 0.58, y, half * 1.16, 28)
        roofs += (
            f"M{number(x - half - 8)} {y - 3}Q{number(x - half * 0.6)} {y - 2} {number(x - half * 0.45)} {y - 13}"
            f"H{number(x + half * 0.45)}Q{number(x + half * 0.6)} {y - 2} {number(x + half + 8)} {y - 3}"
            f"Q{x} {y + 8} {number(x - half - 8)} {y - 3}z"
        )
    view.paper.path(walls, body)
    glow = "".join(box(x - 5, base - 20 - 27 * tier, 10, 9) for tier in range(5))
    glass(view, glow, "#a8543c")
    view.paper.path(roofs + box(x - 1.5, base - 178, 3, 34) + dot(x, base - 166, 3.5), dark)


def _tiled_roof(view: View, y: float, x: float) -> None:
    view.paper.path(polygon([(x, y), (x + 30, y - 18), (x + 190, y - 18), (x + 222, y), (x + 222, 320), (x, 320)]),
                    view.tone("#5a5f68"))  # fmt: skip
    lines = "".join(f"M{x + 40 + 16 * place} {y - 15}v13" for place in range(10))
    view.paper.line(lines, view.tone("#7b818a"), 2)
    view.paper.rect(x - 4, y - 3, 230, 6, view.tone("#474b54"), r=3)


def reykjavik(view: View) -> None:
    dice = view.dice
    sky(view)
    if view.evening:
        _aurora(view)
    tops = [(x + dice.whole(-14, 14), dice.whole(140, 160)) for x in (0, 70, 150, 240, 330, 410)]
    peaks(view, 206, tops, "#6d7f92", 0.5, snow=16)
    water(view, 200, "#7fa3ae", 222)
    walls = ("#c4513f", "#4f7f93", "#f3eee2", "#e0b04f", "#5e8a72")
    roofs = ("#6b6f78", "#a8453a", "#3f5a6a")
    row(view, 234, (16, 24), walls, roofs, shape="gable", depth=0.3, width=(28, 39))
    _stepped_church(view, dice.whole(176, 224), 246)
    row(view, 264, (22, 32), walls, roofs, shape="gable", width=(37, 53))
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


def buenos_aires(view: View) -> None:
    dice = view.dice
    sky(view)
    row(view, 236, (54, 96), ("#cfc4b6", "#c2bab4"), ("#a8a09c",), shape="flat", depth=0.55)
    stone = ("#efe3cd", "#e8d6bd", "#f4ead8")
    x = dice.whole(178, 222)
    row(view, 256, (62, 84), stone, ("#6c7480",), shape="mansard", left=-50, right=x - 90, width=(51, 69))
    row(view, 256, (62, 84), stone, ("#6c7480",), shape="mansard", left=x + 46, width=(51, 69), depth=0.02)
    _dome(view, x - 64, 256, dice.whole(74, 90))
    view.paper.path(polygon([(x - 10, 258), (x - 7, 100), (x, 84), (x + 7, 100), (x + 10, 258)]), view.tone("#f7f1e6"))
    view.paper.path(polygon([(x, 84), (x + 7, 100), (x + 10, 258), (x + 2, 258)]), view.tone("#dcd2c4"))
    ground(view, 254, "#a9a58f")
    trees(view, ((x - 34, 262, 13), (x + 32, 262, 14), (x - 116, 264, 15), (x + 92, 264, 15), (x + 150, 264, 12)),
          "#9a7bb5")  # fmt: skip


def _dome(view: View, x: float, base: float, h: float) -> None:
    wall, top = "#eadcc4", base - h
    view.paper.rect(x - 19, top, 38, h, view.tone(wall))
    cap = f"M{x - 21} {top}Q{x - 19} {top - 34} {x} {top - 38}Q{x + 19} {top - 34} {x + 21} {top}z"
    view.paper.path(cap + box(x - 1.5, top - 52, 3, 16), view.tone("#5f7a78"))
    lights(view, panes(view, x - 13, top + 9, 3, int(h // 18), 10.5, 17), wall, h=10)


def vancouver(view: View) -> None:
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
    lights(view, panes(view, x + w * 0.42, base - h + 7, 2, int(h // 14), 8.5, 13, w=6), wall)


def auckland(view: View) -> None:
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
    lights(view, panes(view, x + 5, base - h + 7, int((w - 4) // 9), int(h // 14), 9, 13), wall, 0.1)


def _sky_tower(view: View, x: float, base: float) -> None:
    shaft = [(x - 6, base), (x - 3, base - 118), (x + 3, base - 118), (x + 6, base)]
    pod = [(x - 6, base - 116), (x - 14, base - 132), (x - 11, base - 144), (x + 11, base - 144), (x + 14, base - 132)]
    view.paper.path(polygon(shaft) + polygon([*pod, (x + 6, base - 116)]), view.tone("#d9dad6"))
    view.paper.path(box(x - 4, base - 154, 8, 11) + box(x - 1.5, base - 186, 3, 34), view.tone("#c3c6c4"))
    glass(view, box(x - 12, base - 137, 24, 4), "#d9dad6")


def marrakesh(view: View) -> None:
    dice = view.dice
    sky(view)
    tops = [(x + dice.whole(-14, 14), dice.whole(128, 150)) for x in (-20, 60, 130, 210, 290, 370, 430)]
    peaks(view, 214, tops, "#9a8f9c", 0.6, snow=22)
    ochre, rims = ("#d99a72", "#cf8a64", "#e3ab82", "#c97f5c"), ("#cf8a64", "#e3ab82")
    row(view, 226, (20, 34), ochre, rims, shape="crenels", depth=0.3, width=(41, 69))
    _minaret(view, dice.whole(180, 220), 248)
    palm(view, dice.whole(90, 120), 252, dice.whole(66, 84))
    row(view, 264, (24, 42), ochre, rims, shape="crenels", width=(55, 87))
    palm(view, dice.whole(284, 320), 272, dice.whole(84, 104))
    ground(view, 263, "#b9795a")


def _minaret(view: View, x: float, base: float) -> None:
    wall = "#c4805a"
    crown = "".join(box(x - 18 + 8 * place, base - 134, 4.5, 7) for place in range(5))
    view.paper.path(box(x - 18, base - 128, 36, 130) + crown + box(x - 8, base - 152, 16, 26), view.tone(wall))
    view.paper.rect(x + 8, base - 128, 10, 130, view.tone(darker(wall, 0.14)))
    view.paper.rect(x - 18, base - 122, 36, 7, view.tone("#5e938c"))
    view.paper.path(dot(x, base - 153, 7) + dot(x, base - 163, 3.2) + dot(x, base - 169, 2.3), view.tone("#d9b25e"))
    openings = arch(x - 10, base - 104, 8, 18) + arch(x + 2, base - 104, 8, 18) + arch(x - 4, base - 66, 8, 18)
    glass(view, openings, wall)


def hanoi(view: View) -> None:
    dice = view.dice
    sky(view)
    walls = ("#efcf86", "#d9a884", "#b9cdb6", "#e8ddc8", "#a9c0c4")
    row(view, 214, (30, 66), walls, ("#a8604a", "#8f6a5c"), shape="hip", depth=0.4, width=(21, 30))
    trees(view, [(x + dice.whole(-10, 10), 216, dice.whole(12, 18)) for x in range(-30, 440, 42)], "#5f8a66", 0.25)
    water(view, 214, "#86b0a0")
    x = dice.whole(196, 232)
    _turtle_tower(view, x, 236)
    _red_bridge(view, dice.whole(-46, -24))
    flame = dice.chance(0.5)
    branch = "#d8613f" if flame else "#6d9a5d"
    view.paper.line("M460 60Q390 66 330 92M400 66Q380 90 372 110", view.tone("#5d463c"), 5)
    spots = ((330, 92), (352, 80), (374, 108), (392, 76), (420, 84), (404, 100), (366, 90))
    view.paper.dots(spots, dice.whole(13, 15), view.tone(branch))


def _turtle_tower(view: View, x: float, y: float) -> None:
    wall = "#d9cbb0"
    view.paper.ellipse(x, y + 5, 58, 9, view.tone("#71905f"))
    view.paper.path(
        box(x - 30, y - 32, 60, 34) + box(x - 22, y - 58, 44, 24) + box(x - 12, y - 80, 24, 20), view.tone(wall)
    )
    eaves = "".join(f"M{x - half} {y - top}l6-8h{2 * half - 12}l6 8z" for half, top in ((35, 31), (27, 56), (17, 78)))
    view.paper.path(eaves + polygon([(x - 11, y - 86), (x, y - 97), (x + 11, y - 86)]), view.tone("#8c6a58"))
    lower = "".join(arch(x - 24 + 19 * place, y - 22, 10, 24) for place in range(3))
    upper = "".join(arch(x - 15 + 12 * place, y - 50, 7, 15) for place in range(3))
    glass(view, lower + upper + dot(x, y - 69, 4.5), wall)


def _red_bridge(view: View, x: float) -> None:
    red = view.tone("#c8452f")
    view.paper.line(f"M{x} 262Q{x + 75} 222 {x + 150} 258", red, 6)
    view.paper.line(f"M{x} 248Q{x + 75} 208 {x + 150} 244", red, 2.5)
    posts = "".join(f"M{x + 15 * k} {number(262 - 0.55 * k * (10 - k) - 14)}v{34 if k % 3 == 0 else 14}"
                    for k in range(1, 10))  # fmt: skip
    view.paper.line(posts, red, 2.2)


def mexico_city(view: View) -> None:
    dice = view.dice
    sky(view)
    crest = dice.whole(100, 112)
    left = dice.whole(70, 110)
    peaks(view, 222, [(left, crest)], "#8a7f92", 0.55, snow=26)
    peaks(view, 222, [(left + 170, crest + 28), (left + 214, crest + 22), (left + 250, crest + 34)], "#8f8496", 0.5,
          snow=16)  # fmt: skip
    clouds(view, [(left - 4, crest - 10, 36)])
    row(view, 240, (34, 60), ("#cdbfae", "#bdb4ac", "#d8c7b0"), ("#a89c92",), shape="flat", depth=0.4)
    _stepped_tower(view, dice.whole(250, 276), 248)
    _angel(view, dice.whole(150, 186), 262)
    walls = ("#d9577a", "#e9a23f", "#4f93a8", "#f0d9b0", "#7fa368", "#c9683f")
    row(view, 264, (26, 44), walls, ("#f6ead4", "#a5573f"), shape="flat")
    trees(view, ((dice.whole(30, 60), 266, 16), (dice.whole(300, 340), 266, 18)), "#9a7bb5")
    ground(view, 263, "#b09a86")


def _stepped_tower(view: View, x: float, base: float) -> None:
    wall = "#9fb3b8"
    steps = box(x - 24, base - 70, 48, 70) + box(x - 17, base - 128, 34, 60) + box(x - 10, base - 146, 20, 20)
    view.paper.path(steps + box(x - 1.5, base - 180, 3, 36), view.tone(wall, 0.1))
    lights(view, panes(view, x - 12, base - 122, 3, 8, 9.5, 14, w=5), wall, 0.1)


def _angel(view: View, x: float, base: float) -> None:
    view.paper.path(box(x - 5, base - 128, 10, 128) + box(x - 9, base - 134, 18, 7), view.tone("#efe4d0"))
    wings = f"M{x} {base - 140}l-14-16q2 14 10 20zM{x} {base - 140}l14-16q-2 14-10 20z"
    view.paper.path(wings + box(x - 2.5, base - 152, 5, 18) + dot(x, base - 155, 3.4), view.tone("#e0ab3f"))


def edinburgh(view: View) -> None:
    dice = view.dice
    sky(view)
    view.paper.path("M230 224Q300 206 340 150Q356 138 372 152L400 176Q430 186 460 192V230z", view.tone("#7f9474", 0.5))
    hills(view, 214, 12, "#869a80", 0.45)
    x = dice.whole(60, 96)
    _castle(view, x, 232)
    stone = ("#cdb79a", "#bfa98c", "#d8c6aa", "#b39c84")
    row(view, 240, (30, 44), stone, ("#6a707c",), shape="gable", depth=0.22, left=x + 110)
    _gothic_spire(view, dice.whole(236, 268), 252)
    row(view, 264, (34, 50), stone, ("#5d636f", "#6a707c"), shape="step" if dice.chance(0.4) else "gable")
    trees(view, [(px + dice.whole(-12, 12), 268, dice.whole(10, 15)) for px in (20, 120, 210, 330)], "#5f7f5c")
    ground(view, 264, "#7f946e")


def _castle(view: View, x: float, base: float) -> None:
    rock = [(x - 120, base), (x - 92, base - 56), (x - 40, base - 74), (x + 62, base - 70), (x + 92, base - 30)]
    view.paper.path(polygon([*rock, (x + 130, base)]), view.tone("#77786f", 0.2))
    wall = "#b9a68c"
    shapes = box(x - 78, base - 88, 150, 24) + box(x - 62, base - 112, 40, 30) + box(x - 8, base - 128, 34, 44)
    crenels = "".join(box(x - 78 + 14 * place, base - 93, 8, 6) for place in range(11))
    keep = "".join(box(x - 8 + 10 * place, base - 133, 6, 6) for place in range(4))
    view.paper.path(shapes + crenels + keep + box(x + 42, base - 106, 22, 30), view.tone(wall, 0.15))
    roofs = polygon([(x - 65, base - 112), (x - 42, base - 128), (x - 19, base - 112)])
    view.paper.path(roofs, view.tone("#5f6570", 0.15))
    view.paper.line(f"M{x + 9} {base - 130}v-24", view.tone("#5f6570"), 1.6)
    view.paper.path(polygon([(x + 9, base - 154), (x + 26, base - 149), (x + 9, base - 144)]), view.tone("#3f6590"))
    lights(view, panes(view, x - 54, base - 104, 3, 1, 11, 0) + panes(view, x, base - 118, 2, 2, 13, 15), wall, 0.15)


def _gothic_spire(view: View, x: float, base: float) -> None:
    stone = view.tone("#6f665f", 0.1)
    body = polygon([(x - 16, base), (x - 12, base - 78), (x, base - 168), (x + 12, base - 78), (x + 16, base)])
    sides = "".join(
        polygon([(x + side - 5, base), (x + side - 4, base - 66), (x + side, base - 92), (x + side + 4, base - 66),
                 (x + side + 5, base)]) for side in (-21, 21)
    )  # fmt: skip
    view.paper.path(body + sides, stone)
    view.paper.path(arch(x - 7, base - 34, 14, 34), view.tone("#b9a68c", 0.1))
    glass(view, arch(x - 3, base - 72, 6, 20), "#6f665f")


# Evening skies by city where not all of them do.
SKIES: Mapping[str, tuple[int, ...]] = {"reykjavik": (1, 3)}
VIEWS: Mapping[str, Callable[[View], None]] = {
    "auckland": auckland,
    "buenos-aires": buenos_aires,
    "cape-town": cape_town,
    "edinburgh": edinburgh,
    "hanoi": hanoi,
    "kyoto": kyoto,
    "lisbon": lisbon,
    "marrakesh": marrakesh,
    "mexico-city": mexico_city,
    "reykjavik": reykjavik,
    "tel-aviv": tel_aviv,
    "vancouver": vancouver,
}
EVENING_SKIES = EVENINGS
