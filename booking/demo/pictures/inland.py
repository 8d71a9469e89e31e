"""Views of cities without the sea."""

from __future__ import annotations

from booking.demo.pictures.colours import darker
from booking.demo.pictures.scenery import (
    View,
    clouds,
    glass,
    ground,
    hills,
    lights,
    palm,
    panes,
    peaks,
    row,
    sky,
    trees,
    water,
)
from booking.demo.pictures.svg import arch, box, dot, number, polygon


def kyoto(view: View) -> None:
    """A pagoda of five storeys among maples."""
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


def buenos_aires(view: View) -> None:
    """The obelisk, a dome, jacarandas along the avenue."""
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
    lights(view, panes(view, x - 13, top + 9, (3, int(h // 18)), (10.5, 17)), wall, h=10)


def marrakesh(view: View) -> None:
    """A minaret above flat roofs, palms, the Atlas with snow."""
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
    """The tower in the lake, the red bridge, tall narrow houses."""
    dice = view.dice
    sky(view)
    walls = ("#efcf86", "#d9a884", "#b9cdb6", "#e8ddc8", "#a9c0c4")
    row(view, 214, (30, 66), walls, ("#a8604a", "#8f6a5c"), shape="hip", depth=0.4, width=(26, 36))
    trees(view, [(x + dice.whole(-10, 10), 216, dice.whole(15, 20)) for x in range(-20, 440, 58)], "#5f8a66", 0.25)
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
    """The angel, the stepped tower, two volcanoes."""
    dice = view.dice
    sky(view)
    crest = dice.whole(100, 112)
    left = dice.whole(70, 110)
    _volcanoes(view, left, crest)
    clouds(view, [(left - 4, crest - 10, 36)])
    row(view, 240, (34, 60), ("#cdbfae", "#bdb4ac", "#d8c7b0"), ("#a89c92",), shape="flat", depth=0.4)
    _stepped_tower(view, dice.whole(250, 276), 248)
    _angel(view, dice.whole(150, 186), 262)
    walls = ("#d9577a", "#e9a23f", "#4f93a8", "#f0d9b0", "#7fa368", "#c9683f")
    row(view, 264, (26, 44), walls, ("#f6ead4", "#a5573f"), shape="flat")
    trees(view, ((dice.whole(30, 60), 266, 16), (dice.whole(300, 340), 266, 18)), "#9a7bb5")
    ground(view, 263, "#b09a86")


def _volcanoes(view: View, x: int, top: int) -> None:
    """A cone with snow, and beside it a long ridge like somebody lying on their back."""
    ridge = f"M{x + 60} 226L{x + 136} {top + 44}l14 8 22-22 20 12 26-16 24 20 22-6L{x + 350} 226z"
    view.paper.path(ridge, view.tone("#948a9a", 0.5))
    snow = f"M{x + 172} {top + 30}l-14 14 10-2 8 6 8-9 8 3zM{x + 218} {top + 26}l-14 8 4 6 10-4 10 9 6-5z"
    cone = f"M{x - 170} 226Q{x - 60} 190 {x - 15} {top}q15 6 30 0Q{x + 60} 190 {x + 170} 226z"
    view.paper.path(cone, view.tone("#83788c", 0.5))
    cap = f"M{x - 15} {top}q15 6 30 0l18 30-12-6-9 14-12-12-12 10-8-12-14 8z"
    view.paper.path(snow + cap, view.tone("#f6f7f5", 0.3))


def _stepped_tower(view: View, x: float, base: float) -> None:
    wall = "#9fb3b8"
    steps = box(x - 24, base - 70, 48, 70) + box(x - 17, base - 128, 34, 60) + box(x - 10, base - 146, 20, 20)
    view.paper.path(steps + box(x - 1.5, base - 180, 3, 36), view.tone(wall, 0.1))
    lights(view, panes(view, x - 12, base - 122, (3, 8), (9.5, 14), w=5), wall, 0.1)


def _angel(view: View, x: float, base: float) -> None:
    view.paper.path(box(x - 5, base - 128, 10, 128) + box(x - 9, base - 134, 18, 7), view.tone("#efe4d0"))
    wings = f"M{x} {base - 140}l-14-16q2 14 10 20zM{x} {base - 140}l14-16q-2 14-10 20z"
    view.paper.path(wings + box(x - 2.5, base - 152, 5, 18) + dot(x, base - 155, 3.4), view.tone("#e0ab3f"))


def edinburgh(view: View) -> None:
    """The castle on its rock, a Gothic spire, the hill behind the roofs."""
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
    lights(
        view,
        panes(view, x - 54, base - 104, (3, 1), (11, 0)) + panes(view, x, base - 118, (2, 2), (13, 15)),
        wall,
        0.15,
    )


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
