"""Where everything in a room stands, decided before anything is drawn.

Spans of the wall are given away one after another (beds, window, furniture, pictures), so nothing is drawn across
something else. All measures are units of the 800 x 500 picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from booking.demo.pictures.canvas import FLOOR, STAND, WIDTH
from booking.demo.pictures.seeded_random import Dice

MARGIN = 34
TABLE = 58
_GAP = 14
BedKind = Literal["front", "side", "bunk"]
WindowKind = Literal["casement", "arch", "round", "pair", "door"]
Dressing = Literal["curtains", "shutters", "blind", "none"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the wall."""

    left: float
    right: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    def meets(self, other: Span) -> bool:
        return self.left < other.right and other.left < self.right


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed; a bunk sleeps two."""

    kind: BedKind
    double: bool
    x: float
    w: float
    head_left: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """A window by its glass; `curtained` is the span with what hangs beside it."""

    kind: WindowKind
    x: float
    y: float
    w: float
    h: float
    dressing: Dressing

    @property
    def curtained(self) -> Span:
        beside = {"curtains": 42, "shutters": self.w / 4 + 12, "blind": 12, "none": 12}[self.dressing]
        return Span(self.x - beside, self.x + self.w + beside)

    @property
    def bottom(self) -> float:
        return self.y + self.h


@dataclass(frozen=True, slots=True)
class Thing:
    """A piece of furniture or something on the wall: its name, the left end and the width of its place."""

    name: str
    x: float
    w: float

    @property
    def span(self) -> Span:
        return Span(self.x, self.x + self.w)


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole room."""

    beds: list[Bed]
    tables: list[Thing]
    window: Window
    furniture: list[Thing]
    hangings: list[Thing]
    front: list[Thing]
    sleeping: Span


# name: (width, height)
FURNITURE = {
    "armchair": (112, 104), "chair": (58, 104), "desk": (156, 96), "wardrobe": (128, 246), "plant": (78, 168),
    "floor lamp": (62, 196), "dresser": (136, 92), "bench": (122, 50), "rack": (88, 92), "stool": (46, 84),
    "bookcase": (96, 196), "ladder": (58, 186),
}  # fmt: skip
_TALL = 150
_SAME = {
    "armchair": "seat",
    "chair": "seat",
    "desk": "seat",
    "stool": "bench",
    "wardrobe": "shelves",
    "bookcase": "shelves",
}
HANGINGS = {
    "picture": 84, "wide picture": 132, "pair": 126, "mirror": 84, "shelf": 120, "weaving": 74, "clock": 60,
    "pendant": 64, "hooks": 110, "sconce": 44, "plate trio": 100,
}  # fmt: skip
FRONT_THINGS = {"suitcase": 56, "pouf": 70, "basket": 56, "slippers": 48, "cat": 62, "bag": 60, "plant pot": 46}


def plan(dice: Dice, doubles: int, singles: int) -> Layout:
    """A room with that many double and single beds, 1 to 4 together."""
    beds, tables, sleeping = _sleeping(dice.of("beds"), doubles, singles)
    window = _window(dice.of("window"), beds, sleeping)
    zones = [Span(MARGIN, sleeping.left - _GAP), Span(sleeping.right + _GAP, WIDTH - MARGIN)]
    # More would make the room restless, the sooner the more sorts of beds there are.
    most = 3 if len({(bed.kind, bed.double) for bed in beds}) == 1 else 2
    furniture = _furnish(dice.of("furniture"), zones, window, most=most)
    tall = [thing.span for thing in furniture if FURNITURE[thing.name][1] > _TALL]
    bunks = [Span(bed.x, bed.x + bed.w) for bed in beds if bed.kind == "bunk"]
    hangings = _hang(dice.of("walls"), free(Span(22, WIDTH - 22), [window.curtained, *tall, *bunks]))
    return Layout(
        beds,
        tables,
        window,
        furniture,
        hangings,
        _front(dice.of("front"), zones, beds, most=1 if len(furniture) > 1 else 2),
        sleeping,
    )


def free(whole: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of `whole`, from left to right."""
    left, rest = whole.left, []
    for span in sorted(taken, key=lambda each: each.left):
        if span.left > left:
            rest.append(Span(left, min(span.left, whole.right)))
        left = max(left, span.right)
    return [*rest, Span(left, whole.right)] if left < whole.right else rest


def _sleeping(dice: Dice, doubles: int, singles: int) -> tuple[list[Bed], list[Thing], Span]:
    """Beds and bedside tables side by side, and the span they take."""
    beds = _kinds(dice, doubles, singles)
    pieces: list[Bed | None] = _with_tables(dice, beds)
    if dice.chance(0.5):
        pieces = [replace(bed, head_left=False) if bed else None for bed in reversed(pieces)]
    pieces = _fitted(pieces)
    total = sum(piece.w if piece else TABLE for piece in pieces) + _GAP * (len(pieces) - 1)
    left = x = _start(dice, total)
    placed, tables = [], []
    for piece in pieces:
        if piece:
            placed.append(replace(piece, x=x))
        else:
            tables.append(Thing("table", x, TABLE))
        x += (piece.w if piece else TABLE) + _GAP
    return placed, tables, Span(left, x - _GAP)


def _kinds(dice: Dice, doubles: int, singles: int) -> list[Bed]:
    count = doubles + singles
    wide, narrow = (240, 142) if count == 1 else (196, 122)
    beds = [Bed("front", True, 0, wide) for _ in range(doubles)] + [
        Bed("front", False, 0, narrow) for _ in range(singles)
    ]
    if count == 1 and dice.chance(0.35):
        return [replace(beds[0], kind="side", w=324 if doubles else 286)]
    if count >= 3 and singles >= 2 and dice.chance(0.4):
        return [*beds[:-2], Bed("bunk", False, 0, 236)]
    if count == 2 and singles and dice.chance(0.3):
        return [beds[0], replace(beds[1], kind="side", w=250)]
    return beds


def _with_tables(dice: Dice, beds: list[Bed]) -> list[Bed | None]:
    if len(beds) == 1:
        both = beds[0].kind == "front" and dice.chance(0.5)
        return [None, beds[0], None] if both else [None, beds[0]]
    middle = len(beds) // 2
    return [*beds[:middle], None, *beds[middle:]]


def _fitted(pieces: list[Bed | None]) -> list[Bed | None]:
    room = WIDTH - 2 * MARGIN - _GAP * (len(pieces) - 1) - TABLE * pieces.count(None)
    wanted = sum(piece.w for piece in pieces if piece)
    share = min(1, room / wanted)
    return [replace(piece, w=int(piece.w * share)) if piece else None for piece in pieces]


def _start(dice: Dice, total: float) -> float:
    """The left end: at the left, at the right, or in the middle; in the middle if little else would be free."""
    rest = WIDTH - total
    if rest < 230 or dice.chance(0.2):
        return round(rest / 2)
    edge = dice.whole(MARGIN + 6, MARGIN + 34)
    return edge if dice.chance(0.5) else rest - edge


def _window(dice: Dice, beds: list[Bed], sleeping: Span) -> Window:
    """Beside the beds where there is space for it, else above them, and never behind a bunk."""
    bunks = [Span(bed.x - _GAP, bed.x + bed.w + _GAP) for bed in beds if bed.kind == "bunk"]
    beside = max(free(Span(MARGIN, WIDTH - MARGIN), [sleeping]), key=lambda span: span.width, default=Span(0, 0))
    above = max(free(Span(MARGIN, WIDTH - MARGIN), bunks), key=lambda span: span.width)
    if beside.width >= 270 and dice.chance(0.6):
        return _beside(dice, beside)
    return _above(dice, above, sleeping if not bunks else above)


def _beside(dice: Dice, zone: Span) -> Window:
    kind: WindowKind = dice.pick(("casement", "arch", "door", "door", "round", "pair"))
    dressing = _dressing(dice, kind)
    room = zone.width - (110 if dressing in ("curtains", "shutters") else 50)
    widest, h, y = {
        "round": (dice.whole(206, 226), 0, dice.whole(58, 70)),
        "door": (dice.whole(176, 236), 0, dice.whole(78, 96)),
        "arch": (dice.whole(180, 214), dice.whole(214, 234), dice.whole(56, 70)),
    }.get(kind, (dice.whole(220, 300), dice.whole(186, 214), dice.whole(56, 70)))
    w = min(room, widest)
    return _centred(dice, zone, Window(kind, 0, y, w, {"round": w, "door": FLOOR - y}.get(kind, h), dressing))


def _above(dice: Dice, zone: Span, near: Span) -> Window:
    kind: WindowKind = dice.pick(("casement", "casement", "pair", "arch"))
    dressing = _dressing(dice, kind)
    w = min(zone.width - 110, dice.whole(180, 220) if kind == "arch" else dice.whole(290, 390))
    if dressing == "shutters":
        w = min(w, (zone.width - 40) / 1.5)
    half = w / 2 + (max(48, w / 4 + 12) if dressing == "shutters" else 48)
    middle = min(max(near.middle + dice.whole(-40, 40), zone.left + half), zone.right - half)
    y, bottom = dice.whole(40, 54), dice.whole(234, 244)
    return Window(kind, round(middle - w / 2), y, round(w), bottom - y, dressing)


def _dressing(dice: Dice, kind: WindowKind) -> Dressing:
    if kind == "round":
        return "none"
    if kind in ("arch", "door"):
        return dice.pick(("curtains", "curtains", "none"))
    return dice.pick(("curtains", "curtains", "curtains", "blind", "shutters"))


def _centred(dice: Dice, zone: Span, window: Window) -> Window:
    """The window somewhere around the middle of the zone."""
    w = min(window.w, (zone.width - 40) / 1.5) if window.dressing == "shutters" else window.w
    slack = max(0, (zone.width - w - 110) / 2)
    x = zone.middle - w / 2 + (dice.unit() * 2 - 1) * slack
    return replace(window, x=round(x), w=round(w), h=round(window.h))


def _furnish(dice: Dice, zones: list[Span], window: Window, *, most: int) -> list[Thing]:
    """Up to `most` pieces, the widest free stretch of floor first."""
    blocked = [window.curtained] if window.kind == "door" else []
    placed: list[Thing] = []
    spans = sorted((span for zone in zones for span in free(zone, blocked)), key=lambda span: -span.width)
    for span in spans:
        names = [name for name in dice.shuffled(list(FURNITURE)) if name not in {thing.name for thing in placed}]
        placed += _fill(span, names, window, most=most - len(placed))
    return placed


def _fill(span: Span, names: list[str], window: Window, *, most: int) -> list[Thing]:
    """Up to `most` pieces, each the first that fits and leaves the window free."""
    placed: list[Thing] = []
    x = span.left
    while len(placed) < min(most, 2 if span.width < 330 else 3):
        fitting = [name for name in names if FURNITURE[name][0] <= span.right - x and _clear(name, x, window)]
        if not fitting:
            if x + 20 >= span.right:
                break
            x += 20
            continue
        names = [name for name in names if name != fitting[0] and _kind(name) != _kind(fitting[0])]
        placed.append(Thing(fitting[0], x, FURNITURE[fitting[0]][0]))
        x += FURNITURE[fitting[0]][0] + 18
    return _spread(placed, span, window)


def _kind(name: str) -> str:
    """What one of is enough."""
    return _SAME.get(name, name)


def _clear(name: str, x: float, window: Window) -> bool:
    w, h = FURNITURE[name]
    return STAND - h > window.bottom - 14 or not Span(x, x + w).meets(window.curtained)


def _spread(placed: list[Thing], span: Span, window: Window) -> list[Thing]:
    """The slack shared out between the pieces, unless that would put one in front of the window."""
    if not placed:
        return placed
    slack = (span.right - placed[-1].span.right) / (len(placed) + 1)
    moved = [replace(thing, x=round(thing.x + slack * place)) for place, thing in enumerate(placed, start=1)]
    return moved if all(_clear(thing.name, thing.x, window) for thing in moved) else placed


def _hang(dice: Dice, gaps: list[Span]) -> list[Thing]:
    """One thing in the middle of each of the two widest gaps, if it is wide enough."""
    names, hung = dice.shuffled(list(HANGINGS)), list[Thing]()
    for gap in sorted(gaps, key=lambda span: -span.width)[:2]:
        fitting = [name for name in names if HANGINGS[name] + 20 <= gap.width]
        # A small thing alone on a wide wall looks lost.
        fitting = [name for name in fitting if HANGINGS[name] * 3.4 >= gap.width] or fitting
        if fitting:
            names.remove(fitting[0])
            w = HANGINGS[fitting[0]]
            hung.append(Thing(fitting[0], round(gap.middle - w / 2), w))
    return hung


def _front(dice: Dice, zones: list[Span], beds: list[Bed], *, most: int) -> list[Thing]:
    """Up to `most` small things on the floor in front, beside the beds where there is space."""
    names, placed = dice.shuffled(list(FRONT_THINGS)), list[Thing]()
    for zone in sorted(zones, key=lambda span: -span.width)[:most]:
        name = names.pop()
        w = FRONT_THINGS[name]
        if zone.width >= w:
            placed.append(Thing(name, round(zone.left + (zone.width - w) * dice.unit()), w))
    if not placed and len(beds) > 1:
        x = round((beds[0].x + beds[0].w + beds[1].x) / 2 - FRONT_THINGS["slippers"] / 2)
        placed.append(Thing("slippers", x, FRONT_THINGS["slippers"]))
    return placed
