"""Wall, floor, rug and the daylight that falls on them."""

from __future__ import annotations

from collections.abc import Callable

from booking.demo.pictures.canvas import FLOOR, FOOT, FRONT, HEIGHT, WIDTH, Studio
from booking.demo.pictures.colours import PAPER, darker, lighter, mix
from booking.demo.pictures.layout import Layout, Window
from booking.demo.pictures.seeded_random import Dice
from booking.demo.pictures.svg import arch, number, polygon


def wall(studio: Studio, layout: Layout) -> None:
    """The wall in one of six finishes, and the skirting board."""
    studio.paper.rect(0, 0, WIDTH, FLOOR + 4, studio.colours.wall)
    dice = studio.dice.of("wall")
    dice.pick(_FINISHES)(studio, layout, dice)
    board = lighter(studio.colours.wall, 0.35) if dice.chance(0.6) else studio.colours.wood
    studio.paper.rect(0, FLOOR - 11, WIDTH, 13, board)
    studio.paper.rect(0, FLOOR, WIDTH, 3, darker(board, 0.2))


def _bare(studio: Studio, layout: Layout, dice: Dice) -> None:
    del layout, dice
    studio.paper.rect(0, 0, WIDTH, 12, lighter(studio.colours.wall, 0.3))


def _half(studio: Studio, layout: Layout, dice: Dice) -> None:
    del layout
    y = dice.whole(214, 262)
    studio.paper.rect(0, y, WIDTH, FLOOR - y, studio.colours.panel)
    studio.paper.rect(0, y - 5, WIDTH, 6, lighter(studio.colours.wall, 0.3))


def _panelled(studio: Studio, layout: Layout, dice: Dice) -> None:
    del layout
    y, step = dice.whole(226, 256), dice.pick((100, 114, 133))
    studio.paper.rect(0, y, WIDTH, FLOOR - y, studio.colours.panel)
    studio.paper.rect(0, y - 6, WIDTH, 8, lighter(studio.colours.panel, 0.3))
    middle, h = (y + 8 + FLOOR - 20) / 2, FLOOR - y - 46
    fields = f"M{-dice.whole(0, step)} {middle:g}H{WIDTH}"
    studio.paper.dashes(fields, darker(studio.colours.panel, 0.07), h, f"{step - 26} 26")


def _boards(studio: Studio, layout: Layout, dice: Dice) -> None:
    del layout
    step = dice.pick((32, 40, 50))
    seam = mix(studio.colours.wall, studio.colours.panel, 0.55)
    studio.paper.dashes(f"M{-dice.whole(4, step)} {FLOOR / 2:g}H{WIDTH}", seam, FLOOR, f"2 {step - 2}")


def _stripes(studio: Studio, layout: Layout, dice: Dice) -> None:
    del layout
    step = dice.pick((44, 56, 72))
    bars, half = mix(studio.colours.wall, studio.colours.panel, 0.35), step // 2
    studio.paper.dashes(f"M{-dice.whole(0, step)} {FLOOR / 2:g}H{WIDTH}", bars, FLOOR, f"{half} {half}")


def _painted_arch(studio: Studio, layout: Layout, dice: Dice) -> None:
    """A field painted on the wall behind the beds."""
    span, reach = layout.sleeping, dice.whole(6, 16)
    w, top = min(span.width + 2 * reach, 640), dice.whole(96, 140)
    left = span.middle - w / 2
    if w < 330:
        studio.paper.path(arch(left, top, w, FLOOR - top), studio.colours.panel)
    else:
        studio.paper.rect(left, top + 40, w, FLOOR - top - 40, studio.colours.panel, r=40)


_FINISHES: tuple[Callable[[Studio, Layout, Dice], None], ...] = (
    _bare, _half, _panelled, _boards, _stripes, _painted_arch,
)  # fmt: skip


def floor(studio: Studio) -> None:
    """The floor in one of four coverings."""
    colour, dice = studio.colours.floor, studio.dice.of("floor")
    studio.paper.rect(0, FLOOR + 2, WIDTH, HEIGHT - FLOOR, colour)
    dice.pick((_planks, _planks, _tiles, _long_boards))(studio, dice, darker(colour, 0.1))
    studio.paper.rect(0, FLOOR + 2, WIDTH, 9, darker(colour, 0.3), o=0.35)


def _planks(studio: Studio, dice: Dice, seam: str) -> None:
    rows = (384, 412, 448, 492)
    data = "".join(f"M0 {y}H{WIDTH}" for y in rows)
    for top, bottom in zip((FLOOR + 4, *rows), rows, strict=False):
        data += "".join(f"M{x} {top}V{bottom}" for x in range(dice.whole(20, 200), WIDTH, dice.whole(240, 380)))
    studio.paper.line(data, seam, 2, cap="butt")


def _tiles(studio: Studio, dice: Dice, seam: str) -> None:
    step, middle = dice.whole(80, 104), WIDTH / 2 + dice.whole(-30, 30)
    data = "".join(f"M0 {y}H{WIDTH}" for y in (380, 404, 438, 482))
    studio.paper.line(data + _receding(middle, step * 0.8, step * 1.25), seam, 2, cap="butt")


def _long_boards(studio: Studio, dice: Dice, seam: str) -> None:
    step, middle = dice.whole(56, 74), WIDTH / 2 + dice.whole(-40, 40)
    studio.paper.line(_receding(middle, step * 0.85, step * 1.3), seam, 2, cap="butt")


def _receding(middle: float, far: float, near: float) -> str:
    """Lines over the floor that run together in the distance; far and near are how wide apart they are."""
    count = int(WIDTH / 2 / far) + 1
    return "".join(
        f"M{number(middle + far * place)} {FLOOR + 4}l{number((near - far) * place)} {HEIGHT - FLOOR}"
        for place in range(-count, count + 1)
    )


def daylight(studio: Studio, window: Window) -> None:
    """Sun on the floor, leaning to one side; the two halves of the window apart."""
    if studio.evening:
        return
    lean = studio.dice.of("sun").pick((-1, 1)) * studio.dice.of("sun").whole(40, 110)
    half = window.w / 2 - 5
    for x in (window.x, window.x + half + 10):
        corners = ((x, FLOOR + 4), (x + half, FLOOR + 4), (x + half + lean * 1.2, 486), (x + lean * 1.2, 486))
        studio.paper.path(polygon(corners), PAPER, o=0.28)


def rug(studio: Studio, layout: Layout) -> None:
    """A rug below the beds, reaching out in front of them."""
    dice, span = studio.dice.of("rug"), layout.sleeping
    w = min(span.width + dice.whole(10, 60), 690)
    x = min(max(span.middle - w / 2 + dice.whole(-14, 14), 20), WIDTH - 20 - w)
    # Not in the colour of the covers, which would run into it.
    fill = dice.pick(
        (
            studio.colours.second,
            lighter(studio.colours.panel, 0.3),
            mix(studio.colours.leaf, studio.colours.panel, 0.35),
        )
    )
    dice.pick((_oval, _fringed, _banded))(studio, x, w, fill)


def _oval(studio: Studio, x: float, w: float, fill: str) -> None:
    y = FOOT - 2
    studio.paper.ellipse(x + w / 2, y, w / 2, 40, fill)
    studio.paper.ellipse(x + w / 2, y, w / 2 - 14, 33, lighter(fill, 0.25))
    studio.paper.ellipse(x + w / 2, y, w / 2 - 24, 28, fill)


def _fringed(studio: Studio, x: float, w: float, fill: str) -> None:
    y, h = FOOT - 36, 74
    studio.paper.dashes(f"M{number(x + w / 2)} {y + 3}v{h - 4}", lighter(fill, 0.45), w + 14, "3 5")
    studio.paper.rect(x, y, w, h, fill)
    studio.paper.line(f"M{number(x + 16)} {y}v{h}M{number(x + w - 16)} {y}v{h}", lighter(fill, 0.35), 6, cap="butt")


def _banded(studio: Studio, x: float, w: float, fill: str) -> None:
    y = FOOT - 34
    studio.paper.rect(x, y, w, 72, fill, r=10)
    studio.paper.rect(x, FRONT - 20, w, 5, lighter(fill, 0.3))
    studio.paper.dashes(f"M{number(x + 12)} {FRONT - 7}h{number(w - 24)}", lighter(fill, 0.35), 5, "0 14", cap="round")
