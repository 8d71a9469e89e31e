"""The consumers of this program. To add one: which events, and who handles them."""

from __future__ import annotations

from booking.domain import messages, texting
from booking.domain.messages import Consumer
from booking.jobs import cache_refresh, mail_deliveries, mails, rates, text_deliveries

CONSUMERS = (
    Consumer(mail_deliveries.MAIL, frozenset(mails.WRITERS), mail_deliveries.send, batch=20),
    Consumer(texting.TEXT, frozenset(texting.TEXT_EVENTS), text_deliveries.send, batch=5),
    Consumer(rates.RATES, rates.EVENTS, rates.refresh, batch=200, done=rates.unconcerned),
    Consumer(cache_refresh.CACHE, cache_refresh.EVENTS, cache_refresh.refresh, batch=200, done=cache_refresh.told),
)


def register() -> None:
    """Every process of the program knows them: whoever writes deliveries, counts them, or does their work."""
    for consumer in CONSUMERS:
        messages.register_consumer(consumer)
