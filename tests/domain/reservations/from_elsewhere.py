"""For test_all_verbs.py: reservations that were made elsewhere come in, once and again, whoever has their nights."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from booking.domain.catalogue import CsvRows
from booking.domain.reservations import importing
from booking.domain.reservations.importing import RowOutcome
from booking.infra.ids import encode
from tests.cast import SYSTEM
from tests.domain.reservations.at_the_desk import AtTheDesk
from tests.domain.reservations.house import dates
from tests.domain.reservations.machines import rule
from tests.domain.reservations.story import death, guests, people, rooms, stays
from tests.domain.reservations.worlds import CONFIRMED

HEADER = "sourceId,room,checkIn,checkOut,guests,name,email,total,paid\n"
sums = st.sampled_from(["0", "50.50", "200.00"])


class FromElsewhere(AtTheDesk):
    """They are confirmed at once or not there; what was paid there is in the ledger."""

    @rule(guest=guests, room=rooms, days=stays, number=people, paid=sums, dies=death)
    def a_reservation_comes_in(
        self, guest: int, room: int, days: tuple[int, int], number: int, paid: str, dies: int
    ) -> None:
        first, last = dates(days)
        email, total = self.house.guests[guest].email, Decimal(200)
        name = f"R-{guest}-{room}-{first}-{last}-{number}"
        cells = [name, encode("room", self.house.rooms[room].id), first, last, number, "Somebody", email, total, paid]
        house = importing.house_of(SYSTEM, self.house.rooms[0].property_id)
        rows = CsvRows([HEADER, ",".join(map(str, cells))])
        self.memory.promise(guest, [self._as_world(room, days, number)], CONFIRMED)
        told = self._do(dies, lambda: list(importing.take_over(SYSTEM, house, "elsewhere", rows, self.desk.rules)))
        if isinstance(told, list):
            [one] = told
            assert isinstance(one, RowOutcome)
            assert one.outcome != "bad", one.problems
            if one.outcome != "imported":
                self.memory.promised = []
        self.brought |= self.house.without_account()
        self.guaranteed |= self.brought
