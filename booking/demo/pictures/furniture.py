"""What stands by the wall: bedside tables, seats, cupboards, plants, lamps. Feet are at STAND."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from booking.demo.pictures.canvas import FLOOR, STAND, Studio
from booking.demo.pictures.colours import darker, lighter, mix
from booking.demo.pictures.layout import Thing
from booking.demo.pictures.svg import box, number, polygon


def draw(studio: Studio, thing: Thing) -> None:
    """One piece of furniture at its place."""
    _PIECES[thing.name](studio, thing.x)


def table(studio: Studio, thing: Thing, *, place: int) -> None:
    """Bedside table number `place` of the room; all have the same lamp."""
    dice, x = studio.dice.of("table"), thing.x
    first = studio.seen.setdefault("table", x)
    studio.shadow(x, STAND + 12, thing.w)
    with studio.paper.once("t", "", f'x="{number(x - first)}"') as new:
        if new:
            dice.pick((_drawers, _round_table, _crate))(studio, x, STAND + 12, studio.colours.wood)
            table_lamp(studio, x + 24, 330, style=dice.whole(0, 2))
    studio.lamp(x + 24, 296, 118)
    _trifle(studio, x + 46, 330, studio.dice.of(f"table {place}").whole(0, 2))


def _drawers(studio: Studio, x: float, base: float, wood: str) -> None:
    paper = studio.paper
    paper.path(box(x + 4, base - 14, 6, 14) + box(x + 48, base - 14, 6, 14), darker(wood, 0.25))
    paper.rect(x, 330, 58, base - 342, wood)
    paper.path(box(x + 5, 338, 48, 17) + box(x + 5, 359, 48, 17), lighter(wood, 0.14))
    paper.dots([(x + 29, 346), (x + 29, 367)], 2.5, darker(wood, 0.3))


def _round_table(studio: Studio, x: float, base: float, wood: str) -> None:
    legs = f"M{number(x + 29)} 336V{base - 14}M{number(x + 29)} {base - 22}l-19 20m19-20l19 20"
    studio.paper.line(legs, darker(wood, 0.2), 5)
    studio.paper.rect(x - 1, 329, 60, 9, wood, r=4.5)


def _crate(studio: Studio, x: float, base: float, wood: str) -> None:
    paper = studio.paper
    paper.rect(x + 2, 330, 54, base - 330, lighter(wood, 0.12))
    paper.rect(x + 8, 340, 42, 24, darker(wood, 0.25))
    paper.path(box(x + 12, 346, 6, 18) + box(x + 19, 343, 7, 21), studio.colours.second)
    paper.path(box(x + 27, 348, 6, 16), studio.colours.linen)
    paper.rect(x + 8, 368, 42, base - 376, lighter(wood, 0.22))


def table_lamp(studio: Studio, x: float, y: float, *, style: int) -> None:
    """A lamp whose foot is at (x, y)."""
    paper, foot = studio.paper, studio.colours.main
    if style == 0:
        paper.path(f"M{number(x - 9)} {y}q-5-16 9-26q14 10 9 26z", foot)
        paper.path(polygon([(x - 12, y - 54), (x + 12, y - 54), (x + 20, y - 25), (x - 20, y - 25)]), studio.shade)
    elif style == 1:
        paper.path(box(x - 2, y - 34, 4, 34) + box(x - 11, y - 4, 22, 4), darker(studio.colours.wood, 0.3))
        paper.path(f"M{number(x - 20)} {y - 28}a20 22 0 0 1 40 0z", studio.shade)
    else:
        paper.path(box(x - 8, y - 12, 16, 12), foot)
        paper.circle(x, y - 27, 18, studio.shade)


def _trifle(studio: Studio, x: float, y: float, kind: int) -> None:
    paper, colours = studio.paper, studio.colours
    if kind == 0:
        paper.rect(x - 10, y - 6, 20, 6, colours.second, r=1)
        paper.rect(x - 8, y - 11, 17, 5, colours.linen, r=1)
    elif kind == 1:
        paper.path(f"M{number(x - 5)} {y - 12}h11v8q0 4-4 4h-3q-4 0-4-4z", colours.linen)
        paper.line(f"M{number(x + 6)} {y - 9}q5 0 0 5", colours.linen, 2)
    else:
        paper.path(box(x - 4, y - 15, 8, 15), lighter(colours.main, 0.45))


def _vase(studio: Studio, x: float, y: float) -> None:
    colours = studio.colours
    studio.paper.line(f"M{number(x)} {y - 18}l-7-22m7 22l1-28m-1 28l9-20", colours.leaf, 2)
    studio.paper.dots([(x - 8, y - 42), (x + 1, y - 48), (x + 10, y - 40)], 5.5, colours.second)
    studio.paper.path(f"M{number(x - 4)} {y - 20}h8q-1 5 4 10q2 10-5 10h-6q-7 0-5-10q5-5 4-10z", colours.linen)


def _armchair(studio: Studio, x: float) -> None:
    paper, fill = studio.paper, studio.dice.of("seat").pick((studio.colours.main, studio.colours.second))
    studio.shadow(x, STAND + 12, 112)
    legs = polygon([(x + 16, 380), (x + 24, 380), (x + 17, 398), (x + 12, 398)])
    legs += polygon([(x + 96, 380), (x + 88, 380), (x + 95, 398), (x + 100, 398)])
    paper.path(legs, darker(studio.colours.wood, 0.2))
    paper.path(f"M{number(x + 14)} 372V312q0-26 42-26t42 26v60z", darker(fill, 0.1))
    paper.rect(x + 20, 344, 72, 26, lighter(fill, 0.1), r=8)
    paper.rect(x, 330, 26, 54, fill, r=12)
    paper.rect(x + 86, 330, 26, 54, fill, r=12)
    paper.rect(x + 10, 362, 92, 22, fill, r=5)
    paper.rect(x + 40, 318, 34, 29, studio.colours.linen, r=7)


def _chair(studio: Studio, x: float) -> None:
    wood = studio.colours.wood
    studio.shadow(x, STAND + 8, 58)
    legs = f"M{number(x + 10)} 344L{number(x + 5)} 393M{number(x + 48)} 344L{number(x + 53)} 393"
    studio.paper.line(f"{legs}M{number(x + 12)} 340V288M{number(x + 46)} 340V288", darker(wood, 0.12), 5)
    studio.paper.rect(x + 8, 282, 42, 24, wood, r=9)
    studio.paper.rect(x + 4, 336, 50, 11, studio.colours.main, r=5)


def _desk(studio: Studio, x: float) -> None:
    paper, wood = studio.paper, studio.colours.wood
    studio.shadow(x, STAND + 8, 156)
    legs = f"M{number(x + 12)} 322L{number(x + 6)} 393M{number(x + 144)} 322L{number(x + 150)} 393"
    paper.line(legs, darker(wood, 0.2), 6)
    paper.rect(x + 92, 320, 50, 22, lighter(wood, 0.12))
    paper.circle(x + 117, 331, 2.6, darker(wood, 0.3))
    paper.rect(x, 312, 156, 10, wood)
    paper.path(box(x + 14, 300, 8, 12) + box(x + 30, 292, 7, 20), studio.colours.main)
    paper.path(box(x + 22, 294, 8, 18), studio.colours.second)
    _pot_plant(studio, x + 128, 312)
    seat = studio.colours.second
    paper.line(f"M{number(x + 52)} 352V394M{number(x + 88)} 352V394", darker(wood, 0.3), 5)
    paper.rect(x + 46, 346, 48, 11, seat, r=5)


def _pot_plant(studio: Studio, x: float, y: float) -> None:
    x = round(x)
    blades = "".join(
        f"M{x} {y - 12}q{dx} -12 {tip} -26q{-dx} 6 {-tip} 26" for dx, tip in ((-11, -14), (-2, -3), (9, 12))
    )
    studio.paper.path(blades, studio.colours.leaf)
    studio.paper.path(f"M{number(x - 9)} {y - 15}h18l-3 15h-12z", studio.colours.linen)


def _wardrobe(studio: Studio, x: float) -> None:
    paper, wood = studio.paper, studio.colours.wood
    fill = studio.dice.of("wardrobe").pick((wood, mix(studio.colours.main, wood, 0.4), lighter(wood, 0.25)))
    studio.shadow(x, STAND + 8, 128)
    paper.path(box(x + 8, 384, 9, 10) + box(x + 111, 384, 9, 10), darker(wood, 0.3))
    paper.rect(x, 146, 128, 240, fill)
    paper.rect(x - 5, 140, 138, 11, darker(fill, 0.12))
    doors = box(x + 8, 160, 53, 172) + box(x + 67, 160, 53, 172) + box(x + 8, 342, 112, 34)
    paper.path(doors, lighter(fill, 0.13))
    paper.dots([(x + 56, 250), (x + 72, 250), (x + 64, 359)], 3.2, darker(fill, 0.35))


def _plant(studio: Studio, x: float) -> None:
    kind = studio.dice.of("plant").whole(0, 2)
    base, middle = STAND + 8, x + 39
    studio.shadow(x + 16, base, 46)
    (_fiddle, _monstera, _fern)[kind](studio, middle)
    fill = studio.dice.of("plant pot").pick((studio.colours.second, studio.colours.linen, studio.colours.main))
    studio.paper.path(polygon([(x + 16, 346), (x + 62, 346), (x + 56, base), (x + 22, base)]), fill)
    studio.paper.rect(x + 13, 342, 52, 10, darker(fill, 0.12))


def _fiddle(studio: Studio, x: float) -> None:
    studio.paper.line(f"M{number(x)} 346Q{number(x - 5)} 290 {number(x + 2)} 236", darker(studio.colours.wood, 0.1), 4)
    for fill, leaves in ((darker(studio.colours.leaf, 0.12), _LEAVES[::2]), (studio.colours.leaf, _LEAVES[1::2])):
        studio.paper.path("".join(_blade(x, y, dx, dy, 0.34) for y, dx, dy in leaves), fill)


# (height, reach to the side, reach upwards)
_LEAVES = (
    (318, -30, -22),
    (306, 32, -20),
    (286, -34, -26),
    (272, 32, -26),
    (254, -26, -34),
    (248, 28, -34),
    (240, 3, -42),
)


def _blade(x: float, y: float, dx: float, dy: float, belly: float) -> str:
    """A pointed leaf from (x, y) to (x + dx, y + dy)."""
    bx, by = -dy * belly, dx * belly
    one = f"q{number(dx / 2 + bx)} {number(dy / 2 + by)} {number(dx)} {number(dy)}"
    return f"M{number(x)} {number(y)}{one}q{number(-dx / 2 - bx)} {number(-dy / 2 - by)} {number(-dx)} {number(-dy)}z"


def _monstera(studio: Studio, x: float) -> None:
    ends = ((-34, -62), (32, -70), (-14, -112), (18, -124), (-36, -22), (36, -30))
    stems = "".join(f"M{number(x)} 346q{number(dx * 0.2)} {number(dy * 0.7)} {dx} {dy}" for dx, dy in ends)
    studio.paper.line(stems, darker(studio.colours.leaf, 0.15), 3)
    for fill, some in ((darker(studio.colours.leaf, 0.14), ends[:3]), (studio.colours.leaf, ends[3:])):
        studio.paper.path("".join(_heart(x + dx, 346 + dy, 1 if dx > 0 else -1) for dx, dy in some), fill)


def _heart(x: float, y: float, side: int) -> str:
    """A broad leaf that hangs from (x, y) to one side."""
    curves = ((-18, -20, 6, -34, 20, -20), (16, 14, 2, 34, -4, 36), (-4, -4, -14, -8, -16, -16))
    bends = "".join(f"c{a * side} {b} {c * side} {d} {e * side} {f}" for a, b, c, d, e, f in curves)
    return f"M{number(x)} {number(y)}{bends}z"


def _fern(studio: Studio, x: float) -> None:
    tips = ((-38, -34), (38, -38), (-32, -78), (33, -82), (-14, -112), (15, -116), (0, -138))
    leaf = studio.colours.leaf
    studio.paper.path("".join(_blade(x, 348, dx, dy, 0.13) for dx, dy in tips[::2]), darker(leaf, 0.14))
    studio.paper.path("".join(_blade(x, 348, dx, dy, 0.13) for dx, dy in tips[1::2]), leaf)


def _floor_lamp(studio: Studio, x: float) -> None:
    paper, metal, middle = studio.paper, darker(studio.colours.wood, 0.35), x + 31
    studio.shadow(x + 10, STAND + 6, 42)
    if studio.dice.of("floor lamp").chance(0.5):
        paper.line(f"M{number(middle)} 250L{number(middle - 20)} 392M{number(middle)} 250L{number(middle + 20)} 392"
                   f"M{number(middle)} 250V388", metal, 4)  # fmt: skip
    else:
        paper.path(box(middle - 2, 240, 4, 150) + box(middle - 16, 387, 32, 5), metal)
    top = [(middle - 20, 196), (middle + 20, 196), (middle + 31, 250), (middle - 31, 250)]
    paper.path(polygon(top), studio.shade)
    studio.lamp(middle, 228, 150)


def _dresser(studio: Studio, x: float) -> None:
    paper, wood, dice = studio.paper, studio.colours.wood, studio.dice.of("dresser")
    studio.shadow(x, STAND + 10, 136)
    paper.path(box(x + 8, 376, 7, 20) + box(x + 121, 376, 7, 20), darker(wood, 0.3))
    paper.rect(x, 312, 136, 70, wood)
    drawers = "".join(box(x + 6 + 64 * column, y, 60, 27) for column in range(2) for y in (319, 350))
    paper.path(drawers, lighter(wood, 0.14))
    paper.dots([(x + 36 + 64 * c, y) for c in range(2) for y in (332, 363)], 2.8, darker(wood, 0.35))
    _vase(studio, x + dice.whole(22, 40), 312)
    _trifle(studio, x + dice.whole(84, 112), 312, dice.whole(0, 2))


def _bench(studio: Studio, x: float) -> None:
    wood = studio.colours.wood
    studio.shadow(x, STAND + 8, 122)
    legs = f"M{number(x + 14)} 356L{number(x + 8)} 393M{number(x + 108)} 356L{number(x + 114)} 393"
    studio.paper.line(legs, darker(wood, 0.2), 6)
    studio.paper.rect(x, 344, 122, 16, studio.colours.second, r=7)
    studio.paper.rect(x + 14, 334, 44, 12, studio.colours.linen, r=4)
    studio.paper.rect(x + 18, 325, 36, 10, lighter(studio.colours.main, 0.3), r=4)


def _rack(studio: Studio, x: float) -> None:
    """A luggage rack with a suitcase on it."""
    paper, wood = studio.paper, darker(studio.colours.wood, 0.2)
    studio.shadow(x, STAND + 8, 88)
    paper.line(f"M{number(x + 12)} 350L{number(x + 76)} 393M{number(x + 76)} 350L{number(x + 12)} 393", wood, 5)
    paper.rect(x + 2, 346, 84, 7, wood)
    paper.line(f"M{number(x + 34)} 300v-7h20v7", darker(studio.colours.main, 0.3), 4)
    paper.rect(x + 4, 299, 80, 47, studio.colours.main, r=7)
    paper.path(box(x + 18, 299, 6, 47) + box(x + 64, 299, 6, 47), lighter(studio.colours.main, 0.35))


def _stool(studio: Studio, x: float) -> None:
    wood = lighter(studio.colours.wood, 0.15)
    studio.shadow(x, STAND + 6, 46)
    studio.paper.line(f"M{number(x + 12)} 348L{number(x + 5)} 391M{number(x + 34)} 348L{number(x + 41)} 391", wood, 5)
    studio.paper.rect(x, 341, 46, 9, wood, r=4)
    _pot_plant(studio, x + 23, 341)


def _bookcase(studio: Studio, x: float) -> None:
    paper, wood, dice = studio.paper, studio.colours.wood, studio.dice.of("books")
    studio.shadow(x, STAND + 6, 96)
    paper.rect(x, 196, 96, 196, wood)
    shelves = (204, 250, 296, 342)
    paper.path("".join(box(x + 7, y, 82, 38) for y in shelves), darker(wood, 0.25))
    spines = {studio.colours.main: "", studio.colours.second: "", studio.colours.linen: "", studio.colours.leaf: ""}
    for y in shelves:
        left, end = x + 10 + dice.whole(0, 14), x + 52 + dice.whole(0, 24)
        while left < end:
            w, h = dice.whole(7, 11), dice.whole(22, 32)
            spines[dice.pick(list(spines))] += box(left, y + 38 - h, w, h)
            left += w + 1
    for colour, data in spines.items():
        paper.path(data, colour)


def _ladder(studio: Studio, x: float) -> None:
    """A leaning ladder with towels."""
    paper, wood = studio.paper, lighter(studio.colours.wood, 0.15)
    paper.dashes(f"M{number(x + 29)} 226v150", wood, 44, "5 31")
    paper.line(f"M{number(x + 10)} 204L{number(x + 4)} 392M{number(x + 48)} 204L{number(x + 54)} 392", wood, 6)
    paper.rect(x + 11, 224, 36, 56, studio.colours.linen)
    paper.rect(x + 13, 297, 32, 46, studio.colours.second)
    paper.rect(x + 13, FLOOR - 30, 32, 5, lighter(studio.colours.second, 0.4))


_PIECES: Mapping[str, Callable[[Studio, float], None]] = {
    "armchair": _armchair,
    "bench": _bench,
    "bookcase": _bookcase,
    "chair": _chair,
    "desk": _desk,
    "dresser": _dresser,
    "floor lamp": _floor_lamp,
    "ladder": _ladder,
    "plant": _plant,
    "rack": _rack,
    "stool": _stool,
    "wardrobe": _wardrobe,
}
