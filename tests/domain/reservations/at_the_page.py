"""Paying at the provider's own page, for test_all_verbs.py: opened twice, paid late or never, heard of twice."""

from __future__ import annotations

from typing import Any

from hypothesis.stateful import precondition

from booking.domain.errors import BookingError
from booking.domain.reservations import hosted, payment_pages
from tests.cast import SYSTEM
from tests.domain.reservations.machines import rule
from tests.domain.reservations.model import ANSWERS
from tests.domain.reservations.story import LOST, Story, any_one, cards, death, refunding, ways
from tests.domain.reservations.worlds import CANCELLED, CONFIRMED, EXPIRED

LINKS = payment_pages.Links("https://rooms.example/paid", "https://rooms.example/back")


class AtThePage(Story):
    """Whoever has paid there has the rooms, from when on anybody has asked: nobody else can have had them."""

    @precondition(lambda self: self.memory.lines)
    @rule(which=any_one, way=ways, dies=death)
    def open_the_page(self, which: int, way: str, dies: int) -> None:
        key, line = self._one(which)
        self.line.way = way
        total = self.house.total(key)
        self._do(dies, lambda: hosted.page_of(self._actor(line), key, total, self.desk, LINKS))

    @precondition(lambda self: self.line.pages)
    @rule(which=any_one, card=cards)
    def pay_at_the_page(self, which: int, card: str) -> None:
        page = self._page(which)
        self.line.guest_pays(page, card)
        if self.line.is_paid(page):
            for one in self.memory.of_order(self.house.order_of(page)):
                if not one.has(CANCELLED, EXPIRED):
                    one.may_be(CONFIRMED)

    @precondition(lambda self: self.line.pages)
    @rule(which=any_one)
    def the_page_expires(self, which: int) -> None:
        page = self._page(which)
        self.line.provider.cancel(page, self.line.pages[page][1])

    @precondition(lambda self: self.memory.lines)
    @rule(which=any_one, way=ways, dies=death)
    def come_back_from_the_page(self, which: int, way: str, dies: int) -> None:
        key, line = self._one(which)
        self.line.way = way
        told = self._do(dies, lambda: hosted.came_back(self._actor(line), key, self.desk))
        latest = [page for page in self.line.pages if self.house.order_of(page) == line.order][-1:]
        self._is_known(latest, told)

    @precondition(lambda self: self.line.pages)
    @rule(which=any_one, way=ways, dies=death)
    def the_provider_tells(self, which: int, way: str, dies: int) -> None:
        page = self._page(which)
        self.line.way = way
        self._is_known([page], self._do(dies, lambda: payment_pages.look(SYSTEM, page, self.desk)))

    @precondition(lambda self: self.memory.lines)
    @rule(which=any_one, how=refunding, dies=death)
    def leave_the_page(self, which: int, how: str, dies: int) -> None:
        key, line = self._one(which)
        self.line.refunds = how
        self._do(dies, lambda: hosted.withdraw(self._actor(line), key, self.desk))

    def _is_known(self, pages: list[Any], told: Any) -> None:
        """Somebody has asked the provider about what was paid at these pages."""
        if told == LOST or isinstance(told, BookingError) or self.line.way != ANSWERS:
            return
        for page in filter(self.line.is_paid, pages):
            for one in self.memory.of_order(self.house.order_of(page)):
                if not one.has(CANCELLED, EXPIRED):
                    one.is_now(CONFIRMED, unless=CANCELLED)

    def _page(self, which: int) -> Any:
        return list(self.line.pages)[which % len(self.line.pages)]
