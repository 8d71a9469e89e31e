"""Clerks at the front desk's pages: they press what stands there, and remember what they were told."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag

from tests.faults.guests import lot
from tests.faults.line import Browser, Line, Reply

OWNER, PASSWORD = "owner@example.com", "keys-under-the-mat"  # the demo's
NIGHTS = 10  # from today on: what everybody wants
KEPT = 40  # bookings that any clerk may take up
PATIENCE = 60.0  # seconds of asking for a page
DONE, REFUSED = {303}, {400, 404, 409, 412, 422}

# What a press on today's page is called in the audit log.
STEPS = {"check-in": "booking.arrived", "check-out": "booking.departed", "no-show": "booking.missed"}


@dataclass(frozen=True)
class Act:
    """What the desk said that it has done. `since`: when the page was asked for that it was pressed on."""

    action: str  # as the audit log names it
    subject: str  # a TypeID
    since: float
    nights: tuple[str, str] = ("", "")  # of a block
    reason: str = ""  # of a block: no two have the same


@dataclass
class Shared:
    """What all clerks know: rooms, bookings that any of them may take up, and what was done to them."""

    house: str  # TypeID of the property
    rooms: list[str]
    bookings: deque[str] = field(default_factory=deque)  # TypeIDs
    handed: set[str] = field(default_factory=set)  # all that were ever among them
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def take_up(self, chance: random.Random) -> str | None:
        """One of the bookings; it stays for others, who may do something to it at the same time."""
        known = list(self.bookings)
        return chance.choice(known) if known else None

    def keep(self, booking_id: str) -> None:
        self.handed.add(booking_id)
        self.bookings.append(booking_id)
        while len(self.bookings) > KEPT:
            self.bookings.popleft()


@dataclass
class Clerk:
    """One browser that has signed in."""

    browser: Browser
    shared: Shared
    chance: random.Random
    acts: list[Act] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)

    def live(self, over: threading.Event) -> None:
        what: tuple[Callable[[], None], ...] = (
            self.book, self.book, self.press_today, self.press_today, self.press_today,
            self.block, self.unblock, self.cancel, self.leave_early, self.move, self.move, self.move_guest, self.give,
            self.write, self.pay_by_link,
        )  # fmt: skip
        while not over.wait(self.chance.uniform(0.05, 0.3)):
            self.chance.choice(what)()

    # --- what they do

    def book(self) -> None:
        """For a caller, or somebody who stands there."""
        first, last = self._nights(longest=4)
        dates = {"property": self.shared.house, "checkIn": first, "checkOut": last, "guests": 1}
        page = self._page(f"/admin/bookings/new?{urlencode(dates)}")
        form = _form(page, "/admin/bookings/new")
        if form is None:
            return
        offered = [str(box["value"]) for box in form.select("input[name=room]")]
        caller = next(self.shared.numbers)
        how = self.chance.choice(("later", "link"))
        who = {"fullName": f"Caller {caller}", "email": f"caller-{caller}@example.com", "how": how}
        rooms = [
            ("room", room) for room in self.chance.sample(offered, min(len(offered), self.chance.choice((1, 1, 2))))
        ]
        since, reply = time.time(), self._send(form, [*rooms, *who.items()])
        if reply.status in DONE:
            booking_id = reply.headers["location"].rpartition("/")[2].partition("?")[0]
            self._note(Act("booking.confirmed", booking_id, since), "bookings for callers")
            self.shared.keep(booking_id)

    def press_today(self) -> None:
        """Anything that may be pressed on today's page."""
        since, page = time.time(), self._page("/admin/")
        forms = [form for form in page.select("main form[action]") if "/day/" in _to(form) or "/status" in _to(form)]
        if not forms:
            return
        form = self.chance.choice(forms)
        typed = [("reason", "a tap drips")] if form.select("[name=reason]") else []
        self._press(form, since, typed)

    def leave_early(self) -> None:
        """Somebody who stays leaves: their nights come free."""
        since, page = time.time(), self._page("/admin/")
        links = [str(link["href"]) for link in page.select("main a[href*='/day/'][href$='check-out']")]
        if not links:
            return
        asked = self._page(self.chance.choice(links))
        form = next((one for one in asked.select("main form[action]") if _to(one).endswith("check-out")), None)
        if form is not None:
            self._press(form, since, [])

    def block(self) -> None:
        first, last = self._nights(longest=2)
        asked = {"room": self.chance.choice(self.shared.rooms), "checkIn": first, "checkOut": last}
        form = _form(self._page(f"/admin/calendar/nights?{urlencode(asked)}"), "/admin/calendar/nights")
        if form is None:
            return
        reason = f"block {next(self.shared.numbers)}"
        since, reply = time.time(), self._send(form, [("reason", reason)])
        if reply.status in DONE:
            self._note(Act("nights.blocked", asked["room"], since, (first, last), reason), "blocks")

    def unblock(self) -> None:
        """A block that stands in the calendar is given back."""
        page = self._page(f"/admin/calendar/?property={self.shared.house}")
        links = [str(link["href"]) for link in page.select("a[href*='/blocks/block_']")]
        if not links:
            return
        since, link = time.time(), self.chance.choice(links)
        form = _form(self._page(link), "/unblock")
        if form is None:
            return  # somebody else was quicker
        reply = self._send(form, [])
        if reply.status in DONE:
            block = _to(form).split("/")[-2]
            self._note(Act("nights.unblocked", block, since), "blocks given back")

    def cancel(self) -> None:
        booking_id = self.shared.take_up(self.chance)
        if booking_id is None or not lot(self.chance, 50):
            return
        since, page = time.time(), self._page(f"/admin/bookings/{booking_id}/cancel")
        form = _form(page, f"/admin/bookings/{booking_id}/cancel")
        instead = [("refund", str(self.chance.randint(0, 50))), ("reason", "as agreed")] if lot(self.chance, 50) else []
        if form is not None and self._send(form, instead).status in DONE:
            self._note(Act("booking.cancelled", booking_id, since), "cancelled by staff")

    def give(self) -> None:
        """Something of the price, for a stay that goes on."""
        booking_id = self.shared.take_up(self.chance)
        ending = f"/admin/bookings/{booking_id}/goodwill"
        form = _form(self._page(f"/admin/bookings/{booking_id}"), ending) if booking_id else None
        if form is None:
            return
        asked = [("refund", str(self.chance.randint(1, 9))), ("reason", f"goodwill {next(self.shared.numbers)}")]
        since, reply = time.time(), self._send(form, asked)
        if reply.status in DONE:
            self._note(Act("booking.changed", str(booking_id), since), "goodwill")

    def move(self) -> None:
        """To another room, or other dates: on the terms that the page shows."""
        booking_id = self.shared.take_up(self.chance)
        if booking_id is None:
            return
        wish = self._other_room(booking_id) if lot(self.chance, 60) else {}
        if not wish or lot(self.chance, 30):  # whatever is free then: mostly nothing is
            first, last = self._nights(longest=4)
            wish |= {"checkIn": first, "checkOut": last}
        self._change(booking_id, wish, "moved by staff")

    def move_guest(self) -> None:
        """Somebody who stays gets another room, for the nights that are left."""
        inside = [
            str(link["href"]).split("/")[-2] for link in self._page("/admin/").select("main a[href$='check-out']")
        ]
        if not inside:
            return
        booking_id = self.chance.choice(inside)
        if wish := self._other_room(booking_id):
            self._change(booking_id, wish, "guests of the house moved")

    def _other_room(self, booking_id: str) -> dict[str, str]:
        """One that the page offers for the same nights; empty where it offers none."""
        rooms = self._page(f"/admin/bookings/{booking_id}/change").select("select[name=roomId] option:not([selected])")
        return {"roomId": str(self.chance.choice(rooms)["value"])} if rooms else {}

    def _change(self, booking_id: str, wish: dict[str, str], what: str) -> None:
        since, here = time.time(), f"/admin/bookings/{booking_id}/change"
        form = _form(self._page(f"{here}?{urlencode(wish)}"), here)
        if form is None:
            self.did["moves that could not be had"] += 1
            return
        how = self.chance.choice(("desk", "later", "waived"))
        reason = [("reason", f"move {next(self.shared.numbers)}")] if how == "waived" else []
        reply = self._send(form, [("how", how), *reason])
        if reply.status in DONE and self._page(reply.headers["location"]).select_one(".notice-good"):
            self._note(Act("booking.changed", booking_id, since), what)

    def write(self) -> None:
        """A guest gets an email once more, or a link to pay by."""
        booking_id = self.shared.take_up(self.chance)
        page = self._page(f"/admin/bookings/{booking_id}") if booking_id else BeautifulSoup("", "html.parser")
        forms = [form for form in page.select("main form[action]") if "/emails/" in _to(form)]
        if forms and self._send(self.chance.choice(forms), []).status in DONE:
            self.did["emails that staff has sent"] += 1

    def pay_by_link(self) -> None:
        """Some guest does, who has been sent one; the demo keeps what was sent."""
        sent = [link for link in self._page("/demo/mails").select("main a[href]") if ": pay for " in link.get_text()]
        mail = self._page(str(self.chance.choice(sent)["href"])) if sent else None
        links = [str(link["href"]) for link in mail.select("main a[href*='/pay/order_']")] if mail else []
        if not links:
            return
        path = f"/pay/{links[0].rpartition('/pay/')[2]}"
        form, card = _form(self._page(path), path), self.chance.choice(("pm_card_visa", "pm_card_declined"))
        if form is not None and self._send(form, [("paymentMethodId", card)]).status in DONE:
            self.did["payments by a link"] += 1

    # --- pages

    def _nights(self, *, longest: int) -> tuple[str, str]:
        """Yesterday is today somewhere, and so is tomorrow."""
        away, nights = self.chance.randint(-1, NIGHTS - longest), self.chance.randint(1, longest)
        first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=away)
        return first.isoformat(), (first + dt.timedelta(days=nights)).isoformat()

    def _press(self, form: Tag, since: float, typed: list[tuple[str, str]]) -> None:
        """A form of today's page, which tells on the next one what came of it."""
        reply = self._send(form, typed)
        if reply.status not in DONE or "/day/" in reply.headers.get("location", ""):
            return
        page, to = self._page("/admin/"), _to(form).split("/")
        if page.select_one(".notice-good") is None:
            self.did["presses that were refused"] += 1
            return
        is_undo, is_room = "undo" in to, "rooms" in to
        if is_room:
            action = "room_status.undone" if is_undo else "room_status.changed"
        else:
            action = "booking.reverted" if is_undo else STEPS[to[-1]]
        subject = next(part for part in to if part.startswith(("booking_", "room_")))
        self._note(Act(action, subject, since), action)

    def _page(self, path: str) -> BeautifulSoup:
        """Asked for until it comes. What is gone is an empty page."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            reply = self.browser.visit(path)
            self._saw(f"GET {path}", reply)
            if reply.status not in {0, 503}:
                return BeautifulSoup(reply.text.decode() if reply.status == 200 else "", "html.parser")
            time.sleep(self.chance.uniform(0.2, 0.5))
        self.odd.append(f"GET {path}: no page in {PATIENCE:.0f} s")
        return BeautifulSoup("", "html.parser")

    def _send(self, form: Tag, typed: Iterable[tuple[str, str]]) -> Reply:
        """Once: where no answer comes, nothing is known."""
        shown = [(str(box["name"]), str(box.get("value", ""))) for box in form.select("input[name]") if _stands(box)]
        given = list(typed)
        kept = [pair for pair in shown if pair[0] not in {name for name, _ in given}]
        reply = self.browser.send(_to(form), [*kept, *given])
        self._saw(f"POST {_to(form)}", reply)
        if reply.status not in {0, 503} | DONE | REFUSED:
            self.odd.append(f"POST {_to(form)}: {reply}")
        return reply

    def _saw(self, what: str, reply: Reply) -> None:
        self.seen[str(reply.status or "no answer")] += 1
        if reply.status >= 500 and reply.status != 503:
            self.odd.append(f"{what}: {reply}")
        if reply.status in {401, 403} or "/sign-in" in reply.headers.get("location", ""):
            self.odd.append(f"{what}: signed out: {reply.status}")

    def _note(self, act: Act, what: str) -> None:
        self.acts.append(act)
        self.did[what] += 1


def arrived(port: int, shared: Shared, seed: int) -> Clerk:
    """A clerk who has signed in."""
    browser = Browser(Line(port))
    assert browser.sign_in(OWNER, PASSWORD, "/admin/"), "the demo's owner cannot sign in"
    return Clerk(browser, shared, random.Random(seed))


def _to(form: Tag) -> str:
    return str(form["action"])


def _form(page: BeautifulSoup, ending: str) -> Tag | None:
    forms = page.select("form[method=post]")
    return next((form for form in forms if _to(form).endswith(ending)), None)


def _stands(box: Tag) -> bool:
    """Whether a browser would send it."""
    return box.get("type") not in {"checkbox", "radio"} or box.has_attr("checked")
