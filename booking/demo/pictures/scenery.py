"""What views are made of: sky, hills, water, trees, houses. A view is 400 x 300, drawn 60 wider on both sides.

What matters stands between y 65 and 265, so that a wide window and a tall one both show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from booking.demo.pictures.colours import LAMPLIGHT, Sky, darker, lighter, mix, multiply
from booking.demo.pictures.seeded_random import Dice
from booking.demo.pictures.svg import Paper, Point, box, number, polygon

LEFT, RIGHT, BOTTOM = -60, 460, 320


@dataclass(frozen=True, slots=True)
class View:
    """What the painter of a view works with."""

    paper: Paper
    dice: Dice
    light: Sky
    evening: bool
    left: float = LEFT
    right: float = RIGHT

    def sees(self, x: float, w: float) -> bool:
        """Whether something from x to x + w can be seen through the window."""
        return x + w > self.left and x < self.right

    def tone(self, colour: str, depth: float = 0) -> str:
        """A colour in this light, `depth` (0 near to 1 far) away."""
        return mix(multiply(colour, self.light.tint), self.light.haze, depth * 0.75)


def sky(view: View) -> None:
    """The sky with sun or moon, and clouds or stars."""
    paper, light, dice = view.paper, view.light, view.dice.of("sky")
    paper.rect(LEFT, -20, 520, 340, paper.fade(((0.1, light.top, 1), (0.75, light.bottom, 1))))
    x, y = dice.whole(60, 340), dice.whole(78, 112)
    if view.evening:
        paper.dots([(dice.whole(-20, 420), dice.whole(20, 150)) for _ in range(11)], 1, light.orb, o=0.7)
        _moon(view, x, y, dice.chance(0.5))
        return
    paper.circle(x, y, 19, light.orb)
    paper.circle(x, y, 30, light.orb, o=0.35)
    clouds(view, [(dice.whole(-10, 360), dice.whole(74, 130), dice.whole(40, 70)) for _ in range(dice.whole(1, 3))])


def ground(view: View, y: float, colour: str) -> None:
    """Land from y downwards."""
    view.paper.rect(LEFT, y, 520, BOTTOM - y, view.tone(colour))


def _moon(view: View, x: int, y: int, crescent: bool) -> None:
    if crescent:
        view.paper.path(f"M{x} {y - 14}a14 14 0 1 0 14 19a12 12 0 0 1-14-19z", view.light.orb)
    else:
        view.paper.circle(x, y, 14, view.light.orb)


def clouds(view: View, places: Iterable[tuple[float, float, float]]) -> None:
    """Flat clouds at (x, y, width): a pill, and a shorter one on top."""
    data = "".join(f"M{x} {y}h{w}m{-round(w * 0.75)} -8h{round(w * 0.4)}" for x, y, w in places)
    view.paper.line(data, lighter(view.light.bottom, 0.55), 12, o=0.9)


def hills(view: View, y: float, height: float, colour: str, depth: float, *, waves: int = 3) -> None:
    """Rounded hills whose tops vary between y - height and y."""
    dice = view.dice.of(f"hills{y}")
    step = 520 / waves
    data = f"M{LEFT} {BOTTOM}V{number(y)}"
    for number_ in range(waves):
        crest, x = y - height * (0.55 + 0.45 * dice.unit()) * 1.6, LEFT + step * number_
        end = y - height * 0.25 * dice.unit()
        data += f"Q{number(x + step * (0.35 + 0.3 * dice.unit()))} {number(crest)} {number(x + step)} {number(end)}"
    view.paper.path(f"{data}V{BOTTOM}z", view.tone(colour, depth))


def peaks(view: View, base: float, tops: Sequence[Point], colour: str, depth: float, *, snow: float = 0) -> None:
    """Mountains with their tops at `tops`, from left to right; `snow` is how far down it lies."""
    outline: list[Point] = [(LEFT, base)]
    for (x, y), (after, _) in zip(tops, [*tops[1:], (RIGHT + 40, base)], strict=True):
        outline += [(x, y), ((x + after) / 2, y + (base - y) * 0.6)]
    outline[-1] = (RIGHT, base)
    view.paper.path(polygon(outline), view.tone(colour, depth))
    if snow:
        view.paper.path("".join(_cap(x, y, base, snow) for x, y in tops), view.tone("#f6f7f5", depth * 0.6))


def _cap(x: float, y: float, base: float, snow: float) -> str:
    side = snow * 0.62 * 60 / max(base - y, 40)
    ridge: list[Point] = [(-1, 1), (-0.45, 0.72), (-0.1, 1.15), (0.35, 0.7), (1, 1)]
    return polygon([(x, y), *((x + side * 1.4 * a, y + snow * b) for a, b in ridge)])


def water(view: View, y: float, colour: str, bottom: float = BOTTOM) -> None:
    """Water from y downwards, with a few glints."""
    dice = view.dice.of("water")
    base = mix(view.tone(colour, 0.15), view.light.bottom, 0.18)
    view.paper.rect(LEFT, y, 520, bottom - y, base)
    glints = "".join(
        f"M{dice.whole(-20, 400)} {number(y + 6 + (bottom - y - 8) * dice.unit())}h{dice.whole(14, 40)}"
        for _ in range(7)
    )
    view.paper.line(glints, lighter(base, 0.5), 1.6, o=0.6)


def panes(view: View, x: float, y: float, grid: tuple[int, int], pitch: tuple[float, float], *, w: int = 5) -> str:
    """A grid (columns, rows) of windows as short strokes; in the evening some are dark.

    y is the middle of the first row, `pitch` how far it is from one window to the next, across and down.
    """
    dice, data = view.dice.of(f"panes{x}/{y}"), ""
    (columns, rows), (across, down) = grid, (round(pitch[0]), pitch[1])
    for floor in range(rows):
        # `at` is where the pen stands, counted in columns; None before the first window of the row.
        at = None
        for column in range(columns):
            if view.evening and dice.chance(0.45):
                continue
            start = f"M{round(x + across * column)} {round(y + down * floor)}"
            data += f"h{w}".join((start if at is None else f"m{across * (column - at) - w} 0", ""))
            at = column
    return data


def lights(view: View, data: str, wall: str, depth: float = 0, *, h: float = 7) -> None:
    """Windows from `panes`, h high."""
    if data:
        view.paper.line(data, _glazing(view, wall, depth), h, cap="butt")


def glass(view: View, data: str, wall: str, depth: float = 0) -> None:
    """Windows as outlines."""
    view.paper.path(data, _glazing(view, wall, depth))


def _glazing(view: View, wall: str, depth: float) -> str:
    """Lamplight in the evening, a darker tone of the wall by day."""
    if view.evening:
        return mix(LAMPLIGHT, view.light.haze, depth * 0.5)
    return view.tone(darker(wall, 0.45), depth)


def palm(view: View, x: float, base: float, height: float) -> None:
    """A palm: a leaning trunk and a crown of seven leaves."""
    lean = view.dice.of(f"palm{x}").whole(-9, 9)
    top, tip = base - height, x + lean
    view.paper.line(
        f"M{number(x)} {number(base)}Q{number(x)} {number(top + height / 2)} {number(tip)} {number(top)}",
        view.tone("#8d6a4d"),
        4,
    )
    # The crown is drawn once, for a palm of 90, and enlarged or reduced for each.
    move = f'transform="translate({tip} {number(top)}) scale({height / 90:.2f})"'
    with view.paper.group(move), view.paper.once("l", "", "") as new:
        if new:
            leaves = ((-36, 2), (-31, 19), (-16, 30), (16, 30), (31, 19), (36, 2), (3, -22))
            view.paper.path("".join(_leaf(0, 0, dx, dy) for dx, dy in leaves), view.tone("#4f7a5a"))


def _leaf(x: float, y: float, dx: float, dy: float) -> str:
    bend = -0.55 * abs(dx) - 2
    upper = f"q{number(dx * 0.5)} {number(dy * 0.4 + bend)} {number(dx)} {number(dy)}"
    lower = f"q{number(-dx * 0.4)} {number(-dy * 0.75 + bend * 0.3)} {number(-dx)} {number(-dy)}"
    return f"M{number(x)} {number(y)}{upper}{lower}z"


def trees(view: View, places: Iterable[tuple[float, float, float]], colour: str, depth: float = 0) -> None:
    """Round trees at (x, base, radius) with trunks."""
    seen = [place for place in places if view.sees(place[0] - 2 * place[2], 4 * place[2])]
    if not seen:
        return
    r = sum(size for _, _, size in seen) / len(seen)
    view.paper.path(
        "".join(box(x - 1.5, y - size * 1.2, 3, size * 1.2) for x, y, size in seen), view.tone("#6d5242", depth)
    )
    fill = view.tone(colour, depth)
    view.paper.dots([(x, y - size * 1.7) for x, y, size in seen], r, fill)
    view.paper.dots([(x + r * side, y - size * 1.27) for x, y, size in seen for side in (-0.75, 0.75)], r * 0.68, fill)


def conifers(view: View, places: Iterable[tuple[float, float, float]], colour: str, depth: float = 0) -> None:
    """Firs at (x, base, height)."""
    data = ""
    for x, base, height in places:
        if not view.sees(x - height / 2, height):
            continue
        for share, width in ((0, 0.3), (0.28, 0.24), (0.54, 0.17)):
            y, half = base - height * share, height * width
            data += polygon([(x - half, y), (x, y - height * 0.46), (x + half, y)])
    view.paper.path(data, view.tone(colour, depth))


def sail(view: View, x: float, y: float, size: float, colour: str = "#fbf5e9") -> None:
    """A sailing boat whose hull floats at y."""
    mast = polygon([(x, y - size), (x, y - 3), (x + size * 0.55, y - 3)])
    jib = polygon([(x - 2, y - size * 0.85), (x - 2, y - 3), (x - size * 0.38, y - 3)])
    view.paper.path(mast + jib, view.tone(colour))
    hull = [(x - size * 0.42, y - 1), (x + size * 0.58, y - 1), (x + size * 0.4, y + 4), (x - size * 0.3, y + 4)]
    view.paper.path(polygon(hull), view.tone("#7a4a3c"))


@dataclass(slots=True)
class Street:
    """Houses of a row, collected by colour so that a row is a few paths.

    `shape` is that of the roofs: gable, hip, flat, step, mansard or crenels.
    """

    view: View
    shape: str
    depth: float
    walls: dict[str, str]
    roofs: dict[str, str]
    windows: str = ""

    def house(self, x: float, base: float, size: tuple[int, int], colours: tuple[str, str]) -> None:
        """A house of a size (w, h) at (x, base) in the colours of its wall and its roof."""
        (w, h), (wall, roof) = size, colours
        self.walls[wall] = self.walls.get(wall, "") + box(x, base - h, w, h)
        data = _ROOFS[self.shape](x, base - h, w)
        self.roofs[roof] = self.roofs.get(roof, "") + data
        # Far away there are fewer windows to be made out.
        pitch = 16 if self.depth < 0.3 else 21
        columns = max(1, int((w - 4) // pitch))
        gap, rows = w // columns, max(1, int((h - 8) // (pitch + 4)))
        self.windows += panes(
            self.view, x + (w - gap * columns + gap - 5) // 2, base - h + 11, (columns, rows), (gap, pitch + 4)
        )

    def draw(self) -> None:
        """Roofs, walls, windows."""
        for colour, data in self.roofs.items():
            if self.shape == "crenels":
                self.view.paper.dashes(data, self.view.tone(colour, self.depth), 6, "5 4")
            else:
                self.view.paper.path(data, self.view.tone(colour, self.depth))
        for colour, data in self.walls.items():
            self.view.paper.path(data, self.view.tone(colour, self.depth))
        if self.walls:
            lights(self.view, self.windows, next(iter(self.walls)), self.depth)


def row(
    view: View,
    base: float,
    height: tuple[int, int],
    walls: Sequence[str],
    roofs: Sequence[str],
    *,
    shape: str = "hip",
    depth: float = 0,
    left: float = -30,
    right: float = 430,
    width: tuple[int, int] = (38, 58),
) -> None:
    """A row of houses side by side from left to right, standing at `base`."""
    dice, street, x = view.dice.of(f"row{base}"), Street(view, shape, depth, {}, {}), left
    # A few colours to a row look like one street.
    walls, roofs = dice.shuffled(walls)[:3], dice.shuffled(roofs)[:2]
    previous = ""
    while x < right:
        w, h = dice.whole(*width), dice.whole(*height)
        wall = dice.pick([colour for colour in walls if colour != previous] or walls)
        roof = wall if shape == "crenels" else dice.pick(roofs)
        if view.sees(x, w):
            street.house(x, base, (w, h), (wall, roof))
        x, previous = x + w, wall
    street.draw()


def _gable(x: float, y: float, w: float) -> str:
    return polygon([(x - 2, y + 1), (x + w / 2, y - w * 0.42), (x + w + 2, y + 1)])


def _hip(x: float, y: float, w: float) -> str:
    return polygon([(x - 2, y + 1), (x + 5, y - 11), (x + w - 5, y - 11), (x + w + 2, y + 1)])


def _flat(x: float, y: float, w: float) -> str:
    return box(x - 1, y - 3, w + 2, 5)


def _step(x: float, y: float, w: float) -> str:
    s = w / 7
    return box(x, y - 5, w, 7) + box(x + s, y - 11, w - 2 * s, 7) + box(x + 2 * s, y - 17, w - 4 * s, 7)


def _mansard(x: float, y: float, w: float) -> str:
    return polygon([(x - 1, y + 1), (x + 4, y - 16), (x + w - 4, y - 16), (x + w + 1, y + 1)]) + box(
        x + w * 0.2, y - 22, 5, 8
    )


def _crenels(x: float, y: float, w: float) -> str:
    return f"M{number(x)} {number(y - 1)}h{number(w)}"


_ROOFS = {"gable": _gable, "hip": _hip, "flat": _flat, "step": _step, "mansard": _mansard, "crenels": _crenels}
