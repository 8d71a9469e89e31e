"""Guests who reserve on a page first: they pay, give the room back, or go away without a word."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.faults.guests import DECLINED, PASSWORD, SLOW, VISA, Guest, Plan, email_of, lot, pay_at, stay_of
from tests.faults.line import Browser, Line, Reply
from tests.oracle import Told

PAY, RELEASE, LEAVE = "pay", "release", "leave"
NEVER_PAID = "NEVER PAID"
PERHAPS_PAID = 0  # the status of what nobody was told the end of
LOOKS = 5  # at a booking that is being paid; then its guest closes the browser


@dataclass
class Holder:
    """A guest's browser, which writes into the guest's log."""

    guest: Guest
    browser: Browser
    met: dict[str, Told] = field(default_factory=dict)  # bookings of a checkout, and what was told about them last

    def attempt(self, plan: Plan) -> Told:
        """Reserve; then whatever the guest is in the mood for."""
        told = Told(self.guest.user_id, "", 409)
        reply = self._post(f"/rooms/{plan.room}/reserve", (303, 409), checkIn=plan.check_in, checkOut=plan.check_out)
        place = reply.headers.get("location", "") if reply else ""
        if "/checkout/" in place and self._is_paid(place.rpartition("/")[2]):
            told.error = "HAS IT ALREADY"
        elif "/checkout/" in place:
            told.booking_id = place.rpartition("/")[2]
            before = self._before(told.booking_id)
            self._go_on(plan, told)
            if told.error == NEVER_PAID and before == PERHAPS_PAID:
                told.status = PERHAPS_PAID
            self.met[told.booking_id] = told
        elif reply and reply.status == 303 and not self._has_it(plan, place):
            self.guest.log.odd.append(f"reserving led to {place}")
        else:
            told.error = reply.error if reply else "no answer"
        self.guest.log.told.append(told)
        return told

    def _before(self, booking_id: str) -> int | None:
        """What had become of it. Somebody who wants the same stay again finds their own hold: the last word counts."""
        earlier = self.met.get(booking_id)
        if earlier is None:
            return None
        status, earlier.status = earlier.status, PERHAPS_PAID
        return status

    def _is_paid(self, booking_id: str) -> bool:
        """Sent to a stay of this very room and dates that the guest has booked before."""
        seen = self.guest.until_final("GET", f"/bookings/{booking_id}")
        return bool(seen and seen.body["status"] == "CONFIRMED")

    def _has_it(self, plan: Plan, place: str) -> bool:
        """Sent to the room, which says that the guest has some of the nights."""
        return place.startswith(f"/rooms/{plan.room}?")

    def _go_on(self, plan: Plan, told: Told) -> None:
        mood = self.guest.chance.choices([PAY, RELEASE, LEAVE], [5, 2, 3])[0]
        if mood == PAY:
            self._pay(plan, told)
        elif mood == RELEASE and self._post(f"/checkout/{told.booking_id}/release", (303,)):
            told.error = "GIVEN BACK"
        else:
            told.error = NEVER_PAID

    def _pay(self, plan: Plan, told: Told) -> None:
        """With one press of the button; what came of it is looked up."""
        told.status = PERHAPS_PAID
        held = self.guest.until_final("GET", f"/bookings/{told.booking_id}")
        if held is None or held.body["status"] != "PENDING":  # the hold has run out already
            return
        card = VISA if plan.card == SLOW else plan.card
        fields = {"paymentMethodId": card, "shownTotal": held.body["totalPrice"]}
        # Pressed once: where no answer comes, the page is looked at, and the button not pressed again.
        reply = self.browser.post(f"/checkout/{told.booking_id}", **fields)
        if "/c/pay/" in (page := reply.headers.get("location", "")):
            self._pay_there(page)
        for _ in range(LOOKS):
            seen = self.guest.until_final("GET", f"/bookings/{told.booking_id}")
            if seen and seen.body["status"] == "CONFIRMED":
                told.status, told.price, told.stay = 201, seen.body["totalPrice"], stay_of(seen.body)
                told.deposit_of = told.price if plan.deposit else None
                return

    def pay_rest(self, told: Told) -> None:
        """Of a stay with a deposit, before the card is charged for it; now and then with a card that is declined."""
        if told.deposit_of is None:
            return
        booked = self.guest.until_final("GET", f"/bookings/{told.booking_id}")
        order = self.guest.until_final("GET", f"/orders/{booked.body['orderId']}") if booked else None
        if order is None or order.status != 200 or not order.body["due"]:
            return
        card = DECLINED if lot(self.guest.chance, 20) else VISA
        fields = {"paymentMethodId": card, "shownTotal": order.body["due"]}
        reply = self.browser.post(f"/bookings/{told.booking_id}/pay", **fields)
        if reply.status == 303 and "/c/pay/" in (page := reply.headers.get("location", "")):
            self._pay_there(page)
        answered = "with an answer" if reply.status == 303 else "without"
        self.guest.log.did[f"rests paid early, {answered}"] += 1

    def _pay_there(self, page: str) -> None:
        """At the provider's own page, or not after all; most come back from it."""
        if lot(self.guest.chance, 20):
            return
        paid = pay_at(page)
        if paid.status == 303 and not lot(self.guest.chance, 30):
            self.browser.visit(urlsplit(paid.headers["location"]).path)

    def _post(self, path: str, allowed: tuple[int, ...], **fields: object) -> Reply | None:
        asking = lambda: self.browser.post(path, guests=1, **fields)  # noqa: E731
        return self.guest.insist(f"POST {path}", asking, allowed)


def holder(guest: Guest, name: str) -> Holder:
    """The guest's browser, signed in."""
    browser = Browser(Line(guest.line.port))
    assert browser.sign_in(email_of(name), PASSWORD, "/account")
    return Holder(guest, browser)
