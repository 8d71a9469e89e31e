"""The operator's accent colour, made legible: dark enough on light paper, light enough on dark."""

from __future__ import annotations

import colorsys
import re

Rgb = tuple[float, float, float]

PAPER, NIGHT = "#faf9f6", "#14191b"  # as in app.css
LEGIBLE = 5.0  # contrast; WCAG AA asks for 4.5
DEFAULT = "#0e6655"


def stylesheet(accent: str) -> str:
    """The tokens of app.css that follow from the accent colour."""
    colour = _rgb(accent if re.fullmatch(r"#[0-9a-fA-F]{6}", accent) else DEFAULT)
    light, dark = _towards(colour, _rgb(PAPER), -0.01), _towards(colour, _rgb(NIGHT), 0.01)
    soft_light, soft_dark = _mixed(light, _rgb(PAPER), 0.12), _mixed(dark, _rgb(NIGHT), 0.2)
    return (
        f":root {{\n  --accent: light-dark({_hex(light)}, {_hex(dark)});\n"
        f"  --accent-strong: light-dark({_hex(_mixed(light, (0, 0, 0), 0.8))}, {_hex(_mixed(dark, (1, 1, 1), 0.8))});\n"
        f"  --accent-soft: light-dark({_hex(soft_light)}, {_hex(soft_dark)});\n"
        f"  --on-accent: light-dark(#ffffff, {_hex(_mixed(dark, (0, 0, 0), 0.12))});\n}}\n"
    )


def contrast(one: Rgb, other: Rgb) -> float:
    """As WCAG counts it: 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _towards(colour: Rgb, paper: Rgb, step: float) -> Rgb:
    """The colour, darker or lighter by as little as it takes to be read on `paper`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*colour)
    while contrast(colour, paper) < LEGIBLE and 0 < lightness + step < 1:
        lightness += step
        colour = colorsys.hls_to_rgb(hue, lightness, saturation)
    return colour


def _mixed(colour: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (own * share + its * (1 - share) for own, its in zip(colour, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(text: str) -> Rgb:
    red, green, blue = (int(text[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)
