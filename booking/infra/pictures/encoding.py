"""A program by itself: reads a photo from standard input, writes it anew in all sizes to standard output.

Of what was sent only the pixels remain: no place where it was taken, no camera, no thumbnail from before somebody cut
a face out. Turned as it was meant, in the colours of the web. It decodes what strangers have sent, so it has no
network, no secrets and little time and memory (see making.py), and imports nothing of the product.

Output: a line of JSON ({"width", "height", "files": [[name, bytes], ...]}), then the files one after the other.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Iterator

from PIL import Image, ImageCms, ImageOps

UNREADABLE = 3  # the exit code for what cannot be decoded
MEMORY = 1200 * 2**20  # bytes of addresses, which are more than what is used: 50 million pixels take 800 MB
SECONDS = 60  # of the processor
STRIP = 64  # lines of the smaller picture
ORIENTATION = 0x0112  # in EXIF
LYING = {5, 6, 7, 8}  # orientations in which width and height are exchanged
FORMATS = ("JPEG", "PNG", "WEBP")
BROKEN = (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError, TypeError, MemoryError)
# The structure has been read before, and the pixels were counted: Pillow need not warn again.
Image.MAX_IMAGE_PIXELS = None


def main(widths: list[int], jpeg_widths: list[int]) -> None:
    confine()
    try:
        largest = opened(sys.stdin.buffer.read(), max(widths))
    except BROKEN as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(UNREADABLE)
    files = list(encoded(largest, widths, jpeg_widths))
    told = {"width": largest.width, "height": largest.height, "files": [[name, len(made)] for name, made in files]}
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + b"".join(made for _, made in files))


def confine() -> None:
    """From here on it has little memory and time, and can open nothing: no file, no connection, no other process."""
    Image.init()  # opens the modules of all kinds
    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_NOFILE, 0)):
        resource.setrlimit(limit, (most, most))


def opened(content: bytes, width: int) -> Image.Image:
    """The picture at most so wide, turned as it is meant, in sRGB, and nothing but pixels."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        turned = image.getexif().get(ORIENTATION, 1) in LYING
        seen = image.height if turned else image.width
        part = min(1.0, width / seen)
        size = max(1, round(image.width * part)), max(1, round(image.height * part))
        image.draft("RGB" if image.mode != "CMYK" else None, size)  # a JPEG is decoded small at once: memory and time
        exif, profile = image.getexif(), image.info.get("icc_profile")
        small = _roughly(image, size).resize(size, Image.Resampling.LANCZOS)
    small.getexif()[ORIENTATION] = exif.get(ORIENTATION, 1)
    plain = _in_srgb(ImageOps.exif_transpose(small), profile)
    plain.info.clear()
    return plain


def _roughly(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Without transparency, and small enough that the exact size costs little. In strips: a copy of a large picture in
    another mode would take as much memory as the picture itself.
    """
    times = max(1, min(image.width // size[0], image.height // size[1]) // 2)
    if times == 1:
        return _flat(image)
    image.load()
    whole = (-(-image.width // times), -(-image.height // times))
    made: Image.Image | None = None
    for top in range(0, image.height, STRIP * times):
        strip = _flat(image.crop((0, top, image.width, min(top + STRIP * times, image.height)))).reduce(times)
        made = made or Image.new(strip.mode, whole)
        made.paste(strip, (0, top // times))
    assert made
    return made


def _flat(image: Image.Image) -> Image.Image:
    """In a mode that can be made smaller; what shines through is white behind it."""
    if image.mode in ("RGB", "CMYK", "L"):
        return image
    if image.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        seen = image.convert("RGBA")
        white = Image.new("RGB", seen.size, "white")
        white.paste(seen, mask=seen.getchannel("A"))
        return white
    return image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Photos of phones have wider colours, which look dull where their profile is gone."""
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):  # a profile that is broken, or of other colours: without it
            return image.convert("RGB")
        return made if made is not None else image.convert("RGB")
    return image.convert("RGB")


def encoded(largest: Image.Image, widths: list[int], jpeg_widths: list[int]) -> Iterator[tuple[str, bytes]]:
    """(name, content): AVIF and WebP in each width, JPEG in its own; none is wider than the picture."""
    for width in sorted({min(width, largest.width) for width in widths}):
        image = _of_width(largest, width)
        yield f"{width}.avif", _saved(image, "AVIF", quality=58, speed=7, max_threads=1)
        yield f"{width}.webp", _saved(image, "WEBP", quality=76, method=4)
    for width in sorted({min(width, largest.width) for width in jpeg_widths}):
        image = _of_width(largest, width)
        yield f"{width}.jpg", _saved(image, "JPEG", quality=78, optimize=True, progressive=True)


def _of_width(image: Image.Image, width: int) -> Image.Image:
    if width == image.width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


if __name__ == "__main__":
    main(*([int(width) for width in listed.split(",")] for listed in sys.argv[1:]))
