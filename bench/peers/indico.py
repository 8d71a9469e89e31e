"""Indico: conferences and their rooms. A booking of three days is one reservation with three occurrences."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from bench.clients import request
from bench.filled import FILLED_DAYS, PLACES, TODAY, Filling
from bench.peers.peer import Peer
from bench.workload import NIGHTS

CREATE, SEARCH = "/rooms/api/booking/create", "/rooms/api/rooms/search"
AHEAD = 1000  # days that are not filled


class Indico(Peer):
    name = "Indico"
    needs = ("indico", "setuptools<81")  # it asks for pkg_resources, which newer ones do not have
    application = "indico.web.flask.app:make_app()"
    booked = 200

    @property
    def settings(self) -> dict[str, str]:
        return {"INDICO_CONFIG": str(self.home / "indico.conf")}

    def prepare(self, filling: Filling) -> None:
        for extension in ("unaccent", "pg_trgm"):
            self.copy.rows(f"CREATE EXTENSION {extension}", database="indico")
        self._configure()
        self.run(str(self.python.with_name("indico")), "db", "prepare")
        self.known = self.fill("inside_indico.py", filling.rooms, filling.bookings, PLACES)

    def _configure(self) -> None:
        redis = self.copy.environ["REDIS_URL"].rpartition("/")[0]
        folders = {name: self.home / name.lower() for name in ("CACHE_DIR", "TEMP_DIR", "LOG_DIR", "ARCHIVE")}
        for folder in folders.values():
            folder.mkdir()
        values: dict[str, object] = {name: str(folder) for name, folder in folders.items() if name != "ARCHIVE"}
        values |= {
            "SQLALCHEMY_DATABASE_URI": self.copy.url_of("indico"),
            "SECRET_KEY": "for measuring, on this machine alone",
            "BASE_URL": "http://localhost",
            "CELERY_BROKER": f"{redis}/5",
            "REDIS_CACHE_URL": f"{redis}/6",
            "STORAGE_BACKENDS": {"default": f"fs:{folders['ARCHIVE']}"},
            "NO_REPLY_EMAIL": "nobody@example.com",
            "SUPPORT_EMAIL": "nobody@example.com",
            "ENABLE_ROOMBOOKING": True,
        }
        (self.home / "indico.conf").write_text("\n".join(f"{name} = {value!r}" for name, value in values.items()))
        found = self.run(str(self.python), "-c", "import indico; print(indico.__path__[0])").strip().splitlines()[-1]
        (self.home / "logging.yaml").write_text((Path(found) / "logging.yaml.sample").read_text())

    def book(self, chance: random.Random) -> bytes:
        return self._book(1 + chance.randrange(self.known["rooms"]), FILLED_DAYS + 10 + chance.randrange(AHEAD))

    def last_one(self, number: int) -> bytes:
        return self._book(self.known["rooms"] + 1 + number, FILLED_DAYS)

    def _book(self, room: int, ahead: int) -> bytes:
        body = {"room_id": room, "reason": "a stay", **_days(ahead)}
        return request("POST", CREATE, token=self.known["token"], body=body)

    def search(self, chance: random.Random) -> bytes:
        asked = _days(chance.randint(3, FILLED_DAYS - NIGHTS)) | {"capacity": str(chance.randint(1, 2))}
        asked["location_id"] = str(chance.choice(self.known["places"]))
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        return request("GET", f"{SEARCH}?{query}", token=self.known["token"])


def _days(ahead: int) -> dict[str, str]:
    first, last = TODAY + dt.timedelta(ahead), TODAY + dt.timedelta(ahead + NIGHTS - 1)
    days = {"start_dt": f"{first}T08:00:00", "end_dt": f"{last}T20:00:00"}
    return days | {"repeat_frequency": "DAY", "repeat_interval": "1"}
