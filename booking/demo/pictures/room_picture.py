"""A picture of its own for every room: the room, its beds, and the view of its city, by day or in the evening."""

from __future__ import annotations

from hashlib import sha256

from booking.demo.pictures import foreground, furniture, hangings, shell, windows
from booking.demo.pictures.beds import draw as draw_bed
from booking.demo.pictures.canvas import HEIGHT, WIDTH, Studio
from booking.demo.pictures.colours import PALETTES, interior
from booking.demo.pictures.layout import Layout, plan
from booking.demo.pictures.seeded_random import Dice
from booking.demo.pictures.svg import Paper

MOST_BEDS = 4


def svg(room_id: str, *, city: str, beds: int, capacity: int) -> str:
    """An SVG document of 800 x 500 units, always the same for the same arguments.

    `city` is a location slug. 1 to 4 beds are drawn; as many of them are doubles as it takes to sleep `capacity`
    guests. Nothing of what is passed in is written into the picture, and several pictures can stand in one page.
    """
    dice = Dice(room_id)
    drawn = min(max(beds, 1), MOST_BEDS)
    doubles = min(max(capacity - drawn, 0), drawn)
    paper = Paper(f"p{sha256(room_id.encode()).hexdigest()[:8]}", WIDTH, HEIGHT)
    evening = dice.of("hour").chance(0.45)
    colours = interior(dice.of("palette").whole(0, len(PALETTES) - 1), evening=evening)
    _draw(Studio(paper, colours, dice, evening), plan(dice, doubles, drawn - doubles), city)
    return paper.text()


def _draw(studio: Studio, layout: Layout, city: str) -> None:
    """From back to front."""
    shell.wall(studio, layout)
    shell.floor(studio)
    windows.draw(studio, layout.window, city)
    shell.daylight(studio, layout.window)
    for thing in layout.hangings:
        hangings.draw(studio, thing)
    shell.rug(studio, layout)
    on_the_floor = studio.paper.mark()
    for thing in layout.furniture:
        furniture.draw(studio, thing)
    for place, thing in enumerate(layout.tables):
        furniture.table(studio, thing, place=place)
    for bed in layout.beds:
        draw_bed(studio, bed)
    for thing in layout.front:
        foreground.draw(studio, thing)
    studio.shadows(on_the_floor)
    studio.glow()
