"""Run by pretix' own Python: an event with products and quotas, its orders, and a token. Prints what clients need."""

import datetime as dt
import json
import sys
from decimal import Decimal
from typing import Any

import django

django.setup()

from django.utils.timezone import now  # noqa: E402 pretix can be imported after that only
from django_scopes import scopes_disabled  # noqa: E402
from pretix.base.models import Event, Item, Order, OrderPosition, Organizer, Quota, Team  # noqa: E402

PRODUCTS, LAST = 105, 100
PRICE = Decimal(23)


def main(orders: int) -> dict[str, Any]:
    """`PRODUCTS` without end, of which so many orders are paid, and `LAST` products of which there is one each."""
    organizer = Organizer.objects.create(name="House", slug="house")
    begins = now() + dt.timedelta(days=60)
    event = Event.objects.create(
        organizer=organizer, name="Stay", slug="stay", date_from=begins, live=True, currency="EUR", plugins=""
    )
    team = Team.objects.create(
        organizer=organizer, name="All", all_events=True, all_event_permissions=True, all_organizer_permissions=True
    )
    token = team.tokens.create(name="bench")
    items = [_item(event, number, 10_000_000) for number in range(PRODUCTS)]
    last = [_item(event, PRODUCTS + number, 1) for number in range(LAST)]
    _sell(event, items, orders)
    return {"token": token.token, "items": [item.pk for item in items], "last": [item.pk for item in last]}


def _item(event: Any, number: int, size: int) -> Any:
    item = Item.objects.create(event=event, name=f"Room {number}", default_price=PRICE, admission=True)
    quota = Quota.objects.create(event=event, name=f"Quota {number}", size=size)
    quota.items.add(item)
    return item


def _sell(event: Any, items: list[Any], orders: int) -> None:
    channel = event.organizer.sales_channels.get(identifier="web")
    about = {"event": event, "organizer": event.organizer, "status": "p", "total": PRICE, "email": "guest@example.com"}
    about |= {"sales_channel": channel, "datetime": now(), "expires": now() + dt.timedelta(days=10)}
    made = [Order(code=f"B{number:07d}", **about) for number in range(orders)]
    Order.objects.bulk_create(made, 1000)
    sold = [
        OrderPosition(
            order=order,
            organizer=event.organizer,
            item=items[number % len(items)],
            price=PRICE,
            positionid=1,
            tax_rate=0,
            tax_value=0,
            secret=f"s{number}",
            web_secret=f"w{number}",
            pseudonymization_id=f"P{number}",
        )
        for number, order in enumerate(made)
    ]
    OrderPosition.objects.bulk_create(sold, 1000)


if __name__ == "__main__":
    with scopes_disabled():
        print("ready", json.dumps(main(int(sys.argv[1]))), sep="\t")
