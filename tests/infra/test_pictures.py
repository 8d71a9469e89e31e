"""Pictures that strangers send: looked at without being decoded, and made anew so that nothing but pixels is left."""

from __future__ import annotations

import errno
import io
import random
import subprocess
import sys
import zipfile
from typing import Any

import pytest
from PIL import Image, ImageCms

from booking.infra import pictures
from booking.infra.pictures import Made, Unfit, Unreadable, look, making
from tests.cases import each
from tests.photos import claimed, picture

pytestmark = pytest.mark.slow

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("Main.class", "x" * 200)
    return target.getvalue()


def exif(**more: Any) -> bytes:
    """With a place where it was taken and, where `turned`, how it is to be turned."""
    tags = Image.Exif()
    tags[0x0110] = "A camera"
    tags[0x0112] = more.get("turned", 1)
    tags.get_ifd(0x8825)[1] = "N"
    return tags.tobytes()


@each("kind", ["JPEG", "PNG", "WEBP"])
def test_what_it_is_and_how_large_is_read_from_its_structure(kind: str) -> None:
    seen = look(picture(kind, (321, 201)))
    assert (seen.kind.upper(), seen.width, seen.height) == (kind, 321, 201)


@each(
    "content",
    [
        picture("WEBP", (321, 201), lossless=True),
        picture("WEBP", (321, 201), exif=exif()),
        picture("JPEG", (321, 201), progressive=True, exif=exif(), comment=b"on holiday"),
        picture("JPEG", (321, 201)) + picture("JPEG", (30, 20)),  # as phones append a second picture
        picture("JPEG", (321, 201)) + b"\0\0\0\x18ftypmp42" + b"\0" * 100,  # or a film
        picture("PNG", (321, 201), clear=True),
    ],
)
def test_photos_as_cameras_and_phones_write_them_are_taken(content: bytes) -> None:
    seen = look(content)
    assert (seen.width, seen.height) == (321, 201)


@each(
    ("content", "code", "kind"),
    [
        (SVG, "other_kind", "SVG"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 50, "other_kind", "HEIC"),
        (b"GIF89a" + b"\0" * 50, "other_kind", "GIF"),
        (b"%PDF-1.7", "other_kind", "PDF"),
        (b"Hello", "no_kind", None),
        (picture()[:-300], "incomplete", None),
        (picture("PNG")[:-13], "incomplete", None),
        (picture("WEBP")[:-3], "incomplete", None),
        (b"\xff\xd8\xff", "incomplete", None),
        (picture() + archive(), "more", None),
        (picture("PNG") + archive(), "more", None),
        (picture() + SCRIPT, "more", None),
        (picture(comment=SCRIPT), "more", None),
        (picture() + b"<?php system('id'); ?>", "more", None),
        (picture("WEBP") + b"<!DOCTYPE html><p>", "more", None),
    ],
)
def test_what_is_no_photo_or_more_than_one_is_refused(content: bytes, code: str, kind: str | None) -> None:
    with pytest.raises(Unfit) as refusal:
        look(content)
    assert (refusal.value.code, refusal.value.params.get("kind")) == (code, kind)


def test_only_what_the_operator_wants_is_taken() -> None:
    with pytest.raises(Unfit, match="other_kind"):
        look(picture("PNG"), (pictures.FORMATS[0],))


def test_the_size_of_a_bomb_is_known_before_anything_is_decoded() -> None:
    bomb = claimed(50_000, 50_000)
    assert len(bomb) < 100
    assert look(bomb).width == 50_000


def test_whatever_is_sent_is_looked_at_or_refused() -> None:
    chance = random.Random(7)
    for content in (picture(exif=exif()), picture("PNG"), picture("WEBP", exif=exif())):
        for _ in range(150):
            broken = bytearray(content)
            for _ in range(chance.randrange(1, 6)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            try:
                look(bytes(broken[: chance.choice([len(broken), chance.randrange(len(broken))])]))
            except Unfit:
                continue


# --- made anew


def opened(made: Made, name: str) -> Image.Image:
    return Image.open(io.BytesIO(made.files[name]))


def test_it_is_made_in_all_sizes_turned_and_without_what_tells_where_it_was_taken() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    sent = picture("JPEG", (300, 900), "red", exif=exif(turned=6), icc_profile=profile, comment=b"at home")
    made = pictures.make(sent, (480, 960, 1600), (480, 1200))
    assert (made.width, made.height) == (900, 300)
    assert set(made.files) == {"480.avif", "480.webp", "900.avif", "900.webp", "480.jpg", "900.jpg"}
    for name, content in made.files.items():
        image = opened(made, name)
        assert image.width == int(name.split(".")[0])
        assert image.width == 3 * image.height
        assert not image.getexif()
        assert not {"exif", "icc_profile", "xmp", "comment"} & image.info.keys()
        assert b"A camera" not in content
        red, green, blue = image.convert("RGB").getpixel((20, 20))  # type: ignore[misc]
        assert red > 200
        assert green < 40
        assert blue < 40


@each(
    "sent",
    [
        picture("PNG", (300, 200), (255, 255, 255, 0), clear=True),
        picture("PNG", (300, 200), "white"),
        picture("WEBP", (300, 200), (255, 255, 255, 0), clear=True, lossless=True),
    ],
)
def test_what_shines_through_is_white(sent: bytes) -> None:
    made = pictures.make(sent, (300,), (300,))
    assert min(opened(made, "300.jpg").convert("RGB").getpixel((150, 100))) > 250  # type: ignore[arg-type]


def test_what_cannot_be_decoded_is_said_to_be_so() -> None:
    for sent in (claimed(300, 200), b"Hello", picture()[:200] + b"\xff\xd9"):
        with pytest.raises(Unreadable):
            pictures.make(sent, (300,), (300,))


def test_the_program_can_open_nothing_once_it_decodes() -> None:
    tries = """
import runpy, socket, sys
runpy.run_path(sys.argv[1])["confine"]()
for ask in (socket.socket, lambda: open("/proc/self/environ")):
    try:
        ask()
    except OSError as refused:
        print(refused.errno)
"""
    command = [sys.executable, "-I", "-c", tries, str(making.PROGRAM)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.split() == [str(errno.EMFILE)] * 2


def test_one_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    program = tmp_path / "slow.py"
    program.write_text("import sys, time; sys.stdin.buffer.read(); time.sleep(60)")
    monkeypatch.setattr(making, "PROGRAM", program)
    monkeypatch.setattr(making, "LOOK", 0.05)
    with pytest.raises(pictures.Interrupted):
        pictures.make(picture(), (300,), (300,), told_to_stop=lambda: True)
    monkeypatch.setattr(making, "PATIENCE", 0.1)
    with pytest.raises(Unreadable, match="longer than"):
        pictures.make(picture(), (300,), (300,))
    monkeypatch.setattr(making, "PATIENCE", 30)
    program.write_text("import nothing_of_this_name")
    with pytest.raises(RuntimeError, match="nothing_of_this_name"):
        pictures.make(picture(), (300,), (300,))
