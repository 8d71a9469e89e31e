"""A sheet of SVG: shapes are added from back to front, definitions get ids of this sheet's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

Point = tuple[float, float]
_DEFAULTS = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'


def number(value: float) -> str:
    """Whole units; small values, which are sizes more often than places, with one decimal if they need it."""
    whole = round(value)
    if whole > 19 or whole < -19 or whole == value:
        return str(whole)
    tenths = round(value * 10)
    return str(tenths // 10) if tenths % 10 == 0 else str(tenths / 10)


def box(x: float, y: float, w: float, h: float) -> str:
    """Path data of a rectangle."""
    return f"M{number(x)} {number(y)}h{number(w)}v{number(h)}h{number(-w)}"


def dot(x: float, y: float, r: float) -> str:
    """Path data of a circle."""
    n, d = number(r), number(2 * r)
    return f"M{number(x - r)} {number(y)}a{n} {n} 0 1 1 {d} 0a{n} {n} 0 1 1-{d} 0z"


def polygon(points: Iterable[Point]) -> str:
    """Path data of a closed outline, in whole units."""
    (x, y), *rest = ((round(x), round(y)) for x, y in points)
    data = f"M{x} {y}"
    for after_x, after_y in rest:
        dx, dy, x, y = after_x - x, after_y - y, after_x, after_y
        data += f"h{dx}" if dy == 0 else f"v{dy}" if dx == 0 else f"l{dx} {dy}"
    return f"{data}z"


def arch(x: float, y: float, w: float, h: float) -> str:
    """Path data of an upright opening with a round top."""
    r = w / 2
    return f"M{number(x)} {number(y + h)}V{number(y + r)}a{number(r)} {number(r)} 0 0 1 {number(w)} 0V{number(y + h)}z"


class Paper:
    """Collects shapes; `text()` is the whole picture."""

    def __init__(self, prefix: str, width: int, height: int) -> None:
        self._prefix = prefix
        self._size = (width, height)
        self._defs: dict[str, str] = {}
        self._drawn: set[str] = set()
        self._shapes: list[str] = []

    def rect(self, x: float, y: float, w: float, h: float, fill: str, *, r: float = 0, o: float = 1) -> None:
        """A rectangle with corners of radius r and opacity o."""
        if not r:
            self.path(box(x, y, w, h), fill, o=o)
            return
        place = f'x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}" rx="{number(r)}"'
        self._shapes.append(f"<rect {place}{_fill(fill, o)}/>")

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: str, *, o: float = 1) -> None:
        """An ellipse around (x, y)."""
        self._shapes.append(
            f'<ellipse cx="{number(x)}" cy="{number(y)}" rx="{number(rx)}" ry="{number(ry)}"{_fill(fill, o)}/>'
        )

    def circle(self, x: float, y: float, r: float, fill: str, *, o: float = 1) -> None:
        """A disc around (x, y)."""
        self._shapes.append(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}"{_fill(fill, o)}/>')

    def path(self, data: str, fill: str, *, o: float = 1) -> None:
        """A filled shape."""
        if data:
            self._shapes.append(f'<path d="{_terse(data)}"{_fill(fill, o)}/>')

    def line(self, data: str, stroke: str, width: float, *, o: float = 1, cap: str = "round") -> None:
        """A stroke; `cap` is how it ends."""
        if not data:
            return
        opacity = f' opacity="{o:g}"' if o < 1 else ""
        # On a thin line nobody sees how it ends.
        end = f' stroke-linecap="{cap}"' if cap != "round" and (width > 2.5 or cap != "butt") else ""
        self._shapes.append(
            f'<path d="{_terse(data)}" stroke="{stroke}" stroke-width="{number(width)}"{end}{opacity}/>'
        )

    def soft(self, boxes: Iterable[tuple[float, float, float, float]], r: float, fill: str) -> None:
        """Boxes (x, y, w, h) with round corners: smaller ones whose outline of width 2r is round where it turns."""
        data = "".join(box(x + r, y + r, w - 2 * r, h - 2 * r) + "z" for x, y, w, h in boxes)
        self._shapes.append(f'<path d="{data}" fill="{fill}" stroke="{fill}" stroke-width="{number(2 * r)}"/>')

    def dots(self, points: Iterable[Point], r: float, fill: str, *, o: float = 1) -> None:
        """Dots of one size: strokes without length, whose round ends are all there is to see."""
        self.line("".join(f"M{number(x)} {number(y)}h0" for x, y in points), fill, 2 * r, o=o)

    @contextmanager
    def group(self, attributes: str) -> Iterator[None]:
        """Everything added meanwhile stands in one <g>; `attributes` is written as it is."""
        self._shapes.append(f"<g {attributes}>")
        yield
        self._shapes.append("</g>")

    def dashes(self, data: str, stroke: str, width: float, pattern: str, *, cap: str = "butt", o: float = 1) -> None:
        """A line cut into dashes; `pattern` is their length and that of the gaps, and starts anew with every M."""
        self.line(data, stroke, width, o=o, cap=f'{cap}" stroke-dasharray="{pattern}')

    @contextmanager
    def once(self, key: str, attributes: str, transform: str) -> Iterator[bool]:
        """A group that is drawn the first time, and the same again, moved by `transform`, after that.

        Gives whether it has to be drawn.
        """
        name = f"{self._prefix}{key}"
        if name in self._drawn:
            use = f'<use href="#{name}" {transform}/>'
            self._shapes.append(f"<g {attributes}>{use}</g>" if attributes else use)
            yield False
            return
        self._drawn.add(name)
        with self.group(f'{attributes} id="{name}"'.lstrip()):
            yield True

    def mark(self) -> int:
        """How much has been drawn so far; see `below`."""
        return len(self._shapes)

    @contextmanager
    def below(self, mark: int) -> Iterator[None]:
        """Everything added meanwhile lies below what was added since `mark`."""
        start = len(self._shapes)
        yield
        added = self._shapes[start:]
        del self._shapes[start:]
        self._shapes[mark:mark] = added

    def fade(self, stops: Iterable[tuple[float, str, float]], *, radial: bool = False) -> str:
        """A gradient as a fill, downwards or from the middle; stops are (place 0 to 1, colour, opacity)."""
        kind = "radialGradient" if radial else "linearGradient"
        ends = "" if radial else ' x2="0" y2="1"'
        inner = "".join(
            f'<stop offset="{place:g}" stop-color="{colour}"' + (f' stop-opacity="{o:g}"/>' if o < 1 else "/>")
            for place, colour, o in stops
        )
        return f"url(#{self._define(kind, ends, inner)})"

    def clip(self, data: str) -> str:
        """A clip path as the value of an attribute."""
        name = self._define("clipPath", "", f'<path d="{data}"/>')
        return f"url(#{name})"

    def text(self) -> str:
        """The SVG document."""
        width, height = self._size
        defs = f"<defs>{''.join(self._defs.values())}</defs>" if self._defs else ""
        size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        start = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {_DEFAULTS}>'
        return "".join((start, defs, *self._shapes, "</svg>"))

    def _define(self, kind: str, ends: str, inner: str) -> str:
        key = f"{kind}{ends}{inner}"
        name = f"{self._prefix}{len(self._defs)}"
        if key not in self._defs:
            self._defs[key] = f'<{kind} id="{name}"{ends}>{inner}</{kind}>'
            return name
        return f"{self._prefix}{list(self._defs).index(key)}"


def _terse(data: str) -> str:
    """A minus sign parts two numbers as well as a blank does."""
    return data.replace(" -", "-")


def _fill(fill: str, opacity: float) -> str:
    return f' fill="{fill}"' + (f' opacity="{opacity:g}"' if opacity < 1 else "")
