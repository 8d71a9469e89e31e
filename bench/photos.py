"""Photos as staff uploads them: `python -m bench.photos` starts the product on a folder of its own, as `make run` does,
sends JPEGs of 12 megapixels that it has made, each by a request of its own, waits until all are shown, and prints what
that took: seconds for each, memory of web and worker, and how heavy the pages are.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil

from bench.browsing import TOKEN, Browser
from bench.copy_of_its_own import PORTS, ROOT
from booking.cli.demo import DEMO_OWNER
from booking.infra.embedded.children import MARK, mark
from booking.infra.embedded.ports import is_free
from booking.infra.embedded.processes import with_variable

SIDES = 4000, 3000
OF_A_ROOM = 10


def photo(number: int, sides: tuple[int, int] = SIDES) -> bytes:
    """Large shapes with a grain, as a camera sees a room; no two alike."""
    from PIL import Image

    chance, (width, height) = random.Random(number), sides
    shapes = Image.new("RGB", (8, 6))
    shapes.putdata([tuple(chance.randrange(40, 230) for _ in range(3)) for _ in range(48)])
    grain = Image.effect_noise((width // 4, height // 4), 40).resize(sides)
    target = io.BytesIO()
    seen = Image.blend(shapes.resize(sides, Image.Resampling.BICUBIC), Image.merge("RGB", [grain] * 3), 0.1)
    seen.save(target, "JPEG", quality=90)
    return target.getvalue()


@contextmanager
def product(home: Path) -> Iterator[int]:
    """The product with its demo rooms, and nothing left of it afterwards; its port."""
    port = next(port for port in PORTS if is_free(port))
    environ = os.environ | {"VAR_DIR": str(home), "PORT": str(port), "STAFF_SECOND_FACTOR": "optional"}
    with (home / "up.log").open("ab") as log:
        command = [sys.executable, "-m", "booking.cli.up"]
        supervisor = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 240
        while not _answers(port):
            if time.monotonic() > until or supervisor.poll() is not None:
                raise SystemExit((home / "up.log").read_text()[-2000:])
            time.sleep(0.3)
        yield port
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health/ready", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def memory(home: Path, name: str) -> list[float]:
    """MB of each process of this name, the largest last."""
    found = with_variable(MARK, mark(home, name))
    return sorted(psutil.Process(one.pid).memory_info().rss / 2**20 for one in found)


def send(owner: Browser, room: str, number: int, content: bytes) -> float:
    """One photo through the form of its room; the seconds until the answer."""
    found = TOKEN.search(owner.text(f"/admin/rooms/{room}/photos"))
    assert found, "the page has a form"
    edge = uuid.uuid4().hex
    parts = {"csrf_token": found[1] or found[2], "description": f"Photo {number}"}
    body = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{said}\r\n' for name, said in parts.items()
    )
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{number}.jpg"\r\n'
    head += "Content-Type: image/jpeg\r\n\r\n"
    asked = urllib.request.Request(
        f"http://127.0.0.1:{owner.port}/admin/rooms/{room}/photos",
        body.encode() + head.encode() + content + f"\r\n--{edge}--\r\n".encode(),
        {
            "Cookie": owner.cookie,
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "Sec-Fetch-Site": "same-origin",
        },
    )
    began = time.perf_counter()
    with urllib.request.urlopen(asked, timeout=60):
        return time.perf_counter() - began


def measure(
    owner: Browser,
    photos: int,
    sides: tuple[int, int],
    *,
    used: Callable[[], list[float]],
    wait: Callable[[], object] = lambda: time.sleep(0.5),
) -> Iterator[str]:
    """What is printed, as soon as it is known; `used` is the memory of the web in MB, `wait` lets the worker work."""
    for path in ("/admin/rooms", "/rooms", "/"):
        owner.text(path)
    rooms = list(dict.fromkeys(re.findall(r"/admin/rooms/(room_[0-9a-z]{26})", owner.text("/admin/rooms"))))
    wanted = rooms[: -(-photos // OF_A_ROOM)]
    for path in (f"/admin/rooms/{wanted[0]}/photos", f"/rooms/{wanted[0]}"):
        owner.text(path)
    before, began = used(), time.perf_counter()
    taken, most = [], list(before)
    for number in range(photos):
        taken.append(send(owner, wanted[number // OF_A_ROOM], number, photo(number, sides)))
        most = [max(pair) for pair in zip(most, used(), strict=False)]
    sent = time.perf_counter() - began
    taken.sort()
    yield f"{photos} photos of {sides[0] * sides[1] / 1e6:.1f} megapixels, made and sent in {sent:.0f} s"
    yield f"an upload: median {taken[len(taken) // 2]:.2f} s, slowest {taken[-1]:.2f} s"
    grown = (f"{now:.0f} MB ({now - was:+.0f})" for was, now in zip(before, most, strict=False))
    yield f"web processes: {', '.join(grown)}"
    while any("Being prepared" in owner.text(f"/admin/rooms/{room}/photos") for room in wanted):
        wait()
    ready = time.perf_counter() - began
    yield f"all shown {ready:.0f} s after the first was sent: {ready / photos:.1f} s each"
    page, shown = owner.look("/rooms"), owner.look(f"/rooms/{wanted[0]}")
    many = min(photos, OF_A_ROOM)
    yield f"results {page.size / 1000:.0f} kB, a room with {many} photos {shown.size / 1000:.0f} kB, packed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--sides", type=int, nargs=2, default=SIDES, metavar=("WIDTH", "HEIGHT"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-photos-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        with product(home) as port:
            owner = Browser(port, DEMO_OWNER.email, DEMO_OWNER.password)
            for line in measure(owner, asked.photos, tuple(asked.sides), used=partial(memory, home, "web")):
                print(line, flush=True)


if __name__ == "__main__":
    main()
