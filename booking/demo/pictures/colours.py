"""Eight palettes for interiors, skies for day and evening, and how colours mix. Colours are `#rrggbb`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import lru_cache

INK = "#2e2430"
PAPER = "#fff6e6"
LAMPLIGHT = "#ffd894"


@lru_cache(maxsize=8192)
def mix(colour: str, other: str, share: float) -> str:
    """`share` (0 to 1) of `other` mixed into `colour`."""
    return _hex(a + (b - a) * share for a, b in zip(_rgb(colour), _rgb(other), strict=True))


@lru_cache(maxsize=4096)
def multiply(colour: str, tint: str) -> str:
    """`colour` seen in a light of colour `tint`."""
    return _hex(a * b / 255 for a, b in zip(_rgb(colour), _rgb(tint), strict=True))


def darker(colour: str, share: float = 0.15) -> str:
    """With some ink in it; never black, which would be harder than the rest of the picture."""
    return mix(colour, INK, share)


def lighter(colour: str, share: float = 0.2) -> str:
    """With some of a warm white in it."""
    return mix(colour, PAPER, share)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(channels: Iterable[float]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)


@dataclass(frozen=True, slots=True)
class Palette:
    """An interior: two wall colours, floor, wood, two textiles, bed linen, leaves."""

    wall: str
    panel: str
    floor: str
    wood: str
    main: str
    second: str
    linen: str
    leaf: str

    def under(self, light: Callable[[str, str], str]) -> Palette:
        """The palette with every colour changed by `light(name, colour)`."""
        return Palette(*(light(field.name, getattr(self, field.name)) for field in fields(self)))


# Textiles and linen stand nearer to the lamp than walls and floor, so they keep more of their colour in the evening.
_DUSK = {"wall": "#b7a4b0", "panel": "#a997a8", "floor": "#b59c9c", "linen": "#f2dac2"}
_DUSK_ELSEWHERE = "#d3b8ae"

PALETTES = (
    Palette("#ead3bd", "#dcb99d", "#bb8d68", "#875a40", "#b9573e", "#e0a960", "#f8ecdd", "#6f7f5a"),
    Palette("#ccd4c0", "#b2bfa5", "#c8a984", "#8b6a4c", "#5d7965", "#dda768", "#f6f0e3", "#4f6b50"),
    Palette("#c4d1d6", "#a7bac3", "#ccb192", "#86664c", "#4d6d86", "#d98e6b", "#f5efe6", "#6c8265"),
    Palette("#ecd8a9", "#dfc287", "#ab7f56", "#76513a", "#c4812f", "#56787a", "#faf1de", "#67784b"),
    Palette("#e9cbc2", "#d9b0a7", "#c49d7f", "#8a5a49", "#a6576a", "#e3b673", "#f9ece4", "#6e8467"),
    Palette("#dccbb7", "#c6b098", "#a67f60", "#6b4b3a", "#2f6d70", "#d4794f", "#f6ecdf", "#55745d"),
    Palette("#d7ccd6", "#bdafc1", "#c0a28c", "#7a5a55", "#6d5378", "#d99f72", "#f5eeec", "#70836f"),
    Palette("#8aa597", "#76928a", "#c5a37d", "#7c583e", "#e0ae66", "#c4644a", "#f4ecdc", "#3f6350"),
)


@lru_cache(maxsize=32)
def interior(number: int, *, evening: bool) -> Palette:
    """Palette `number` (0 to 7) by day or by lamplight."""
    palette = PALETTES[number]
    if not evening:
        return palette
    return palette.under(lambda name, colour: multiply(colour, _DUSK.get(name, _DUSK_ELSEWHERE)))


@dataclass(frozen=True, slots=True)
class Sky:
    """Light outside: sky from top to bottom, the haze that distance adds, sun or moon, and the tint of things."""

    top: str
    bottom: str
    haze: str
    orb: str
    tint: str


DAYS = (
    Sky("#a9cfdc", "#eaf1e6", "#cfe2e2", "#fdeebf", "#ffffff"),
    Sky("#f0cdb4", "#fdf0da", "#eed9c8", "#fbd79b", "#fff3e6"),
    Sky("#b9dacf", "#f4f1de", "#d3e3d8", "#fff2c2", "#fffdf2"),
    Sky("#93bcd4", "#dbeae9", "#bcd6df", "#fff4d2", "#fbfdff"),
)
EVENINGS = (
    Sky("#3a3862", "#de8f7c", "#80597a", "#fbe3b8", "#8b7799"),
    Sky("#1c2d45", "#44707c", "#2f5166", "#f4ecd0", "#7a909e"),
    Sky("#46406a", "#eeac70", "#94697a", "#ffe2a8", "#9a8090"),
    Sky("#29284f", "#8d6b9b", "#54497c", "#f3e3cf", "#8279a8"),
)
# Aurora needs a dark sky.
NIGHT = EVENINGS[1]
