"""What commands are about, made anew for each: nothing that one of them takes away is another one's."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from flask.testing import FlaskCliRunner
from sqlalchemy import text

from booking.domain import (
    catalogue,
    correspondence,
    inventory,
    payments,
    people,
    pricing,
    reservations,
    system,
    texting,
)
from booking.domain.actors import Actor, Membership, Role
from booking.domain.catalogue import PhotoFile
from booking.domain.correspondence import MessageText
from booking.domain.payments import Contact, by_hand
from booking.domain.people import sessions, staff
from booking.domain.reservations import bookings, front_desk, guarantees
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay, StayRules
from booking.domain.system import DataRequestOrder, alerts, causes
from booking.domain.tables import Block, Booking, Property, Room, User
from booking.infra import clock
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode
from booking.infra.provider import Charge
from tests.a_text import NUMBER, text_given_up
from tests.cast import REFUND_DECLINED, SYSTEM, VISA, a_room, acting, beside, in_days, later, order, payments_of, person
from tests.cli.test_payments_command import the_bank_takes_it_now
from tests.domain.people.second_factors import turned_on
from tests.domain.reservations.test_guest_erasure import called
from tests.domain.reservations.test_importing import HEADER, row
from tests.domain.reservations.test_resending import all_sent
from tests.photos import LIMITS, numbered, of_room
from tests.room_files import ours


@dataclass
class House:
    """A property with a room, a guest, an owner, and an evening on which guests arrive."""

    runner: FlaskCliRunner
    desk: BookingContext
    guest: User
    owner: User
    room: Room
    folder: Path
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    stays: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def begin(self) -> None:
        """It is evening; the owner is one."""
        zone = ZoneInfo("Europe/Brussels")
        evening = dt.datetime.combine(clock.now().astimezone(zone).date() + dt.timedelta(days=1), dt.time(20), zone)
        later(evening - clock.now())
        self.today = evening.date()
        staff.give_role(SYSTEM, self.owner.id, Role.OWNER)

    # --- rooms and nights

    @property
    def slug(self) -> str:
        return _slug_of(self.room)

    @property
    def room_id(self) -> str:
        return encode("room", self.room.id)

    def rate(self) -> str:
        """A rate rule in force."""
        said = pricing.rate_input({"kind": "price", "name": "Summer", "terms": "amount=200"})
        return encode("rate", pricing.add_rate(SYSTEM, self.room.property_id, said))

    def promotion(self, *, ended: bool = False) -> str:
        """One in force, or one that has ended."""
        said = {"code": f"CODE{next(self.numbers)}", "name": "Sale", "percent": 10}
        made = pricing.add_promotion(SYSTEM, pricing.PromotionInput.model_validate(said))
        if ended:
            pricing.end_promotion(SYSTEM, made)
        return encode("promotion", made)

    def rates_file(self, kind: str = "price") -> str:
        """A file with a rule that is new."""
        path = self.folder / f"rates-{next(self.numbers)}.csv"
        path.write_text(f"kind,name,terms\n{kind},Fair {path.stem},amount=300\n")
        return str(path)

    def days_file(self, room: str = "") -> str:
        """A file with a price and a closing of a room, by default its own."""
        path = self.folder / f"days-{next(self.numbers)}.csv"
        path.write_text(f"room,date,price,closed\n{room or self.room_id},{in_days(90).check_in},310,no\n")
        return str(path)

    def made(self, *, published: bool = True) -> str:
        """A room of a property of its own, in which nobody stays."""
        return encode("room", a_room(published=published).id)

    def house(self, *, archived: bool = False) -> str:
        """A property in which nobody stays."""
        room = a_room()
        if archived:
            inventory.archive_property(SYSTEM, room.property_id, rules=StayRules(), seen_version=1)
        return _slug_of(room)

    def single(self) -> str:
        """Another room of the house."""
        return encode("room", self._single().id)

    def linked(self) -> list[str]:
        """A room that contains another one, and that."""
        whole, part = self._single(), self._single()
        inventory.link_rooms(SYSTEM, whole.id, [part.id])
        return [encode("room", whole.id), encode("room", part.id)]

    def nights(self) -> list[str]:
        """Of a stay that nobody has asked for yet."""
        stay = self._stay()
        return [stay.check_in.isoformat(), stay.check_out.isoformat()]

    def block(self) -> str:
        return encode("block", self._blocked().id)

    def entry(self) -> str:
        """Of the audit log, about nights that were taken off sale."""
        self._blocked()
        return encode("entry", people.audit_entries(SYSTEM, limit=1)[0].id)

    def rooms_file(self) -> str:
        place = {"property_name": "Pier House", "location": "oslo", "time_zone": "Europe/Oslo", "currency": "NOK"}
        return self._file("rooms.csv", ours(place))

    def reservations_file(self) -> str:
        return self._file("old.csv", "\n".join([HEADER, row(f"R-{next(self.numbers)}", self.room.name, self._ahead())]))

    def alert(self) -> list[str]:
        """Something is wrong, of which the list tells."""
        facts = {"count": 1, "since": people.as_utc_text(clock.now())}
        found = causes.Cause(people.ALERT_MONEY, "payments_in_doubt", facts, self.room.property_id, str(uuid.uuid4()))
        transaction(lambda: alerts._opened(found, clock.now()))()
        return []

    def image(self) -> str:
        """A file that is no photo here yet."""
        number = next(self.numbers)
        file = self.folder / f"{number}.jpg"
        file.write_bytes(numbered(number))
        return str(file)

    def photo(self) -> str:
        file = PhotoFile("bed.jpg", numbered(next(self.numbers)))
        return encode("photo", catalogue.add_photo(SYSTEM, of_room(self.room), file, LIMITS)[0].id)

    # --- people

    def somebody(self) -> str:
        """The email of an account that nothing happened to yet."""
        return self._account().email

    def clerk(self) -> str:
        """Somebody who works at this property."""
        account = self._account()
        staff.give_role(SYSTEM, account.id, Role.DESK, self.room.property_id)
        return account.email

    def disabled(self) -> str:
        account = self._account()
        people.disable_account(SYSTEM, account.id)
        return account.email

    def with_an_app(self) -> str:
        account = self._account()
        turned_on(acting(sessions.start_web(account.id)), self.runner.app.extensions["services"].settings.secret_keys)
        return account.email

    def revocable(self) -> str:
        account = self._account()
        staff.give_role(SYSTEM, account.id, Role.OWNER)
        return account.email

    def invitation(self) -> str:
        inviting = Actor.signed_in(self.owner.id, (Membership(Role.OWNER),), None)
        email = f"eve-{next(self.numbers)}@example.com"
        return encode("invitation", people.invite_staff(inviting, email, Role.DESK, self.room.property_id))

    # --- bookings and money

    def held(self) -> str:
        return self._held().reference

    def booked(self) -> str:
        return self._booked(VISA).reference

    def dearer(self) -> list[str]:
        """What is booked, and a night more."""
        booked = self._booked(VISA)
        return [booked.reference, "--check-out", (booked.check_out + dt.timedelta(days=1)).isoformat()]

    def written_to(self) -> str:
        """Booked, and its guest has the confirmation."""
        made = self.booked()
        all_sent()
        return made

    def asked(self) -> str:
        """Booked, and its guest has written."""
        made = self._booked(VISA)
        correspondence.write_to_house(acting(self.guest), made.id, MessageText(message="Is there a cot?"))
        return made.reference

    def request(self) -> str:
        """Of a guest, for what is kept of them."""
        made = self._booked(VISA)
        return encode("request", system.record_data_request(SYSTEM, made.id, DataRequestOrder(kind="export")))

    def forgettable(self) -> str:
        """The booking of a guest without an account, who does not come after all."""
        contact = Contact("Fay Forgotten", f"fay-{next(self.numbers)}@example.com")
        booking = called(self.desk, a_room(), contact, start=30)  # cancelled free of charge at any hour of today
        bookings.cancel(SYSTEM, booking.id, self.desk)
        return booking.reference

    def text(self) -> str:
        """A text message about a booking, which could not be sent."""
        made = self._booked(VISA)
        return encode("text", text_given_up(made.id, self.room.property_id))

    def phone(self) -> str:
        """The number of somebody who has agreed to text messages."""
        texting.agree_to_texts(acting(self.guest), NUMBER, texting.ACCOUNT)
        return NUMBER

    def email(self) -> str:
        """About a booking, which has been sent."""
        made = self._booked(VISA)
        all_sent()
        return encode("email", reservations.emails_of(SYSTEM, made.id).emails[-1].id)

    def vouched(self) -> str:
        return self._vouched().reference

    def expected(self) -> str:
        """Arrives today, in a room of their own."""
        stay = Stay(self.today, self.today + dt.timedelta(days=3))
        return bookings.book(acting(self.guest), order(self.guest, a_room(), stay), VISA, self.desk).reference

    def arrived(self) -> str:
        reference = self.expected()
        found = front_desk.find(SYSTEM, reference)
        front_desk.check_in(SYSTEM, found.id, self.desk)
        return reference

    def received(self) -> str:
        """The entry of money that was taken at the desk."""
        return encode("payment", payments_of(self._paid())[-1].id)

    def drawer(self) -> str:
        """The property in whose drawer cash is that a command has entered."""
        self._paid()
        return self.slug

    def counted(self) -> str:
        """The closing of that drawer."""
        self._paid()
        key = payments.DrawerKey(self.room.property_id, self.room.currency, None)
        seen, _ = payments.get_drawer(SYSTEM, key)
        count = payments.Count(seen.expected, Decimal(0), None, seen.expected, seen.after)
        return encode("closing", payments.close_drawer(SYSTEM, key, count).id)

    def to_refund(self) -> str:
        """A refund that awaits staff."""
        paid = self._paid()
        bookings.cancel(SYSTEM, paid.id, self.desk)
        return encode("payment", payments_of(paid)[-1].id)

    def declined(self) -> str:
        """A refund that the bank declined, and takes now."""
        booked = self._booked(REFUND_DECLINED)
        bookings.cancel(SYSTEM, booked.id, self.desk)
        charge, refund = payments_of(booked)
        the_bank_takes_it_now(Charge(charge.id, ""))
        return encode("payment", refund.id)

    # --- around them

    def _ahead(self) -> int:
        """A day from which on the room has five nights that nobody has asked for."""
        return 10 + 5 * next(self.stays)

    def _stay(self) -> Stay:
        first = self.today + dt.timedelta(days=self._ahead())
        return Stay(first, first + dt.timedelta(days=3))

    def _single(self) -> Room:
        return beside(self.room, f"Single {next(self.numbers)}", 70)

    def _account(self) -> User:
        return person(f"somebody-{next(self.numbers)}")

    def _blocked(self) -> Block:
        return inventory.block(SYSTEM, self.room.id, self._stay(), rules=self.desk.rules, reason="paint")

    def _held(self) -> Booking:
        """By somebody who holds nothing else."""
        account = self._account()
        [held] = bookings.hold_all(acting(account), order(account, self.room, self._stay()), self.desk)
        return held

    def _booked(self, card: str) -> Booking:
        return bookings.book(acting(self.guest), order(self.guest, self.room, self._stay()), card, self.desk)

    def _vouched(self) -> Booking:
        held = self._held()
        guarantees.guarantee(SYSTEM, held.order_id, "desk")
        return held

    def _paid(self) -> Booking:
        vouched = self._vouched()
        by_hand.received(SYSTEM, vouched.order_id, vouched.total_price, by="desk", reference="receipt 1")
        return vouched

    def _file(self, name: str, content: str) -> str:
        (self.folder / name).write_text(content)
        return str(self.folder / name)


@reading
def _slug_of(room: Room) -> str:
    return db.session.get_one(Property, room.property_id).slug


@reading
def everything() -> dict[str, str]:
    """What every table holds, as something that is quickly compared."""
    tables = [
        f"SELECT '{name}', string_agg(t::text, '|' ORDER BY t::text) FROM {name} t" for name in db.metadata.tables
    ]
    rows = db.session.execute(text(" UNION ALL ".join(tables)))
    return {name: hashlib.sha256((held or "").encode()).hexdigest() for name, held in rows}


def unknown(kind: str) -> str:
    """An id of the right form, of nothing."""
    return encode(kind, uuid.UUID("018b2f19-e79e-7d6a-a56d-29feb6211b04"))
