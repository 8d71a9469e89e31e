"""pretix: tickets by quota. A booking is a paid order of one position, a search 20 quotas with what is left of them."""

from __future__ import annotations

import random

from sqlalchemy import make_url

from bench.clients import request
from bench.filled import Filling
from bench.peers.peer import Peer

EVENT = "/api/v1/organizers/house/events/stay"
ORDERS_OF = 10  # bookings of ours for one of its orders


class Pretix(Peer):
    name = "pretix"
    needs = ("pretix",)
    application = "pretix.wsgi"
    sells = "order"
    finds = "20 quotas"

    @property
    def settings(self) -> dict[str, str]:
        url, redis = make_url(self.copy.url_of("pretix")), self.copy.environ["REDIS_URL"].rpartition("/")[0]
        database = {
            "NAME": "pretix",
            "USER": url.username,
            "PASSWORD": url.password,
            "HOST": url.host,
            "PORT": url.port,
        }
        return {
            "DJANGO_SETTINGS_MODULE": "pretix.settings",
            "PRETIX_CONFIG_FILE": "/dev/null",
            "PRETIX_PRETIX_URL": "http://localhost",
            "PRETIX_PRETIX_DATADIR": str(self.home),
            "PRETIX_DATABASE_BACKEND": "postgresql",
            **{f"PRETIX_DATABASE_{name}": str(value) for name, value in database.items()},
            "PRETIX_REDIS_LOCATION": f"{redis}/7",
            "PRETIX_REDIS_SESSIONS": "true",
            "PRETIX_CELERY_BROKER": f"{redis}/8",
            "PRETIX_CELERY_BACKEND": f"{redis}/9",
        }

    def prepare(self, filling: Filling) -> None:
        self.run(str(self.python), "-m", "pretix", "migrate")
        self.known = self.fill("inside_pretix.py", filling.bookings // ORDERS_OF)
        self.copy.rows("VACUUM (ANALYZE)", database="pretix")

    def book(self, chance: random.Random) -> bytes:
        return self._book(chance.choice(self.known["items"]))

    def last_one(self, number: int) -> bytes:
        return self._book(self.known["last"][number])

    def _book(self, item: int) -> bytes:
        position = {"item": item, "variation": None, "price": "23.00", "attendee_name": "Guest"}
        body: dict[str, object] = {"email": "guest@example.com", "locale": "en", "sales_channel": "web", "status": "p"}
        order = body | {"payment_provider": "manual", "positions": [position]}
        return self._request("POST", f"{EVENT}/orders/", order)

    def search(self, chance: random.Random) -> bytes:
        page = 1 + chance.randrange(len(self.known["items"]) // 20)
        return self._request("GET", f"{EVENT}/quotas/?with_availability=true&page_size=20&page={page}", None)

    def _request(self, method: str, path: str, body: dict[str, object] | None) -> bytes:
        return request(method, path, token=self.known["token"], scheme="Token", body=body)
