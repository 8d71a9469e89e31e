"""What a booking, a search and a page may spend. Spending more is sometimes right: then this table says so.

The counts do not depend on the machine: everything is warmed up, nothing runs beside it, statistics stay as they are.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from bs4 import Tag
from sqlalchemy import text

from booking.domain.stays import Stay
from booking.infra.db import fetch
from booking.infra.ids import encode
from tests.api.program import Program, an_order, program_of
from tests.budgets.conftest import ROOMS, House
from tests.budgets.meter import NO_WAIT, Spent, commits, spends, title, usual
from tests.cast import VISA, in_days
from tests.web.visitor import Visitor

WAL_MAY_GROW = 1.1
COUNTS = {
    "round_trips": "round trips to Postgres",
    "commits": "commits",
    "wal": "bytes of WAL",
    "redis": "calls of Redis",
    "templates": "templates",
}

# A statement that begins with WITH and reads (a lock) is called "statement" by whoever prepares it.
BUDGETS = {
    "a booking by API": spends(
        "insert idempotency_keys, select rooms, insert availability, insert orders, insert events,"
        " update bookings, update availability, insert payments, insert simulated_ledger,"
        " update bookings, update idempotency_keys, update payments, update availability, insert events",
        round_trips=5,
        commits=3,  # one of them the simulated provider's
        wal=8_750,
        redis=3,
        templates=0,
    ),
    "a hold": spends(
        "statement, select bookings, select bookings, select rooms, insert availability, insert orders, insert events",
        round_trips=5,
        commits=1,
        wal=3_700,
        redis=3,
        templates=0,
    ),
    "the checkout": spends(
        "select bookings, select payments, select payments, select properties",  # the house rules, before paying
        round_trips=4,
        commits=0,
        wal=0,
        redis=1,
        templates=1,
    ),
    "a payment": spends(
        "select bookings, select payments, select payments, select bookings,"
        " update bookings, update availability, insert payments, insert simulated_ledger,"
        " update bookings, update payments, update availability, insert events",
        round_trips=7,
        commits=3,
        wal=4_050,
        redis=1,
        templates=0,
    ),
    "a search that nobody has made": spends(
        "select availability", round_trips=1, commits=0, wal=0, redis=2, templates=0
    ),
    "a search again": spends("", round_trips=0, commits=0, wal=0, redis=1, templates=0),
    "home": spends("select rooms", round_trips=1, commits=0, wal=0, redis=2, templates=1),
    "results": spends("select rooms", round_trips=1, commits=0, wal=0, redis=1, templates=1),
    "a room": spends(
        "select rooms, select availability, select rooms, select availability",
        round_trips=4,
        commits=0,
        wal=0,
        redis=1,
        templates=1,
    ),
}


def excess(name: str, spent: Spent, budget: Spent) -> list[str]:
    """A sentence for each thing of which there is more than there may be."""
    told = []
    if len(spent.statements) > len(budget.statements):
        more = Counter(spent.statements) - Counter(budget.statements)
        told.append(
            f"{name} sends {len(spent.statements)} statements, its budget is {len(budget.statements)};"
            f" new: {', '.join(more.elements())}"
        )
    for count, called in COUNTS.items():
        used, allowed = getattr(spent, count), getattr(budget, count)
        if used > allowed * (WAL_MAY_GROW if count == "wal" else 1):
            told.append(f"{name} takes {used} {called}, its budget is {allowed}")
    return told


# --- what is done


@dataclass
class Scene:
    """Stays and dates that nobody has asked for yet, for whoever needs new ones."""

    house: House
    first: int = 1

    def __post_init__(self) -> None:
        self._days = itertools.count(self.first)

    @property
    def room(self) -> str:
        return encode("room", self.house.rooms[0].id)

    def stay(self) -> Stay:
        """A free one, after all those before."""
        return in_days(2 * next(self._days), 2)

    def program(self) -> Program:
        with self.house.app.app_context():
            return program_of(self.house.app, self.house.guest)

    def guest(self) -> Visitor:
        return Visitor(self.house.app).sign_in("alice")


Action = Callable[[], object]


def book_by_api(scene: Scene) -> Action:
    program, keys = scene.program(), itertools.count()

    def book() -> None:
        order = an_order(scene.house.rooms[1], scene.stay())
        assert program.post("/bookings", order, Idempotency_Key=f"key-{next(keys)}").status_code == 201

    return book


def search_anew(scene: Scene) -> Action:
    program = scene.program()

    def search() -> None:
        stay = scene.stay()
        query = {"location": "antwerp", "checkIn": str(stay.check_in), "checkOut": str(stay.check_out), "capacity": "2"}
        answer = program.get("/rooms", **query)
        assert answer.status_code == 200, answer.text
        assert answer.json["total"] == ROOMS

    return search


def search_again(scene: Scene) -> Action:
    program, stay = scene.program(), in_days(400, 2)
    query = {"location": "antwerp", "checkIn": str(stay.check_in), "checkOut": str(stay.check_out), "capacity": "2"}

    def search() -> None:
        assert program.get("/rooms", **query).status_code == 200

    return search


def page(path: str) -> Callable[[Scene], Action]:
    """A page for somebody who is not signed in."""

    def made(scene: Scene) -> Action:
        stay = in_days(420, 2)
        address = path.format(room=scene.room, dates=f"checkIn={stay.check_in}&checkOut={stay.check_out}")
        visitor = Visitor(scene.house.app)

        def look() -> None:
            assert visitor.go(address).status == 200

        return look

    return made


class Checkout:
    """A guest reserves, looks, and pays, over and over. What comes before the step that counts is done beforehand."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.guest = scene, scene.guest()

    def ready_to_reserve(self) -> Action:
        stay = self.scene.stay()
        self.guest.go(f"/rooms/{self.scene.room}?checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2")
        return self._posting(self.guest.form(f"/rooms/{self.scene.room}/reserve"))

    def ready_to_look(self) -> Action:
        address = self._reserved()
        return lambda: self.guest.go(address)

    def ready_to_pay(self) -> Action:
        address = self._reserved()
        return self._posting(self.guest.go(address).form(address), paymentMethodId=VISA)

    def _reserved(self) -> str:
        self.ready_to_reserve()()
        assert self.answer.status_code == 303, self.answer.text
        return str(self.answer.headers["Location"])

    def _posting(self, form: Tag, **typed: str) -> Action:
        """Send the form; where it leads is another page's business."""
        shown = {str(field["name"]): str(field.get("value", "")) for field in form.select("input[name]")}
        referer = {"Referer": f"http://localhost{self.guest.url}"}

        def post() -> None:
            self.answer = self.guest.client.post(str(form["action"]), data=shown | typed, headers=referer)
            assert self.answer.status_code == 303, self.answer.text

        return post


Prepare = Callable[[], Action]
WHAT: dict[str, Callable[[Scene], Prepare]] = {
    "a booking by API": lambda scene: _always(book_by_api(scene)),
    "a hold": lambda scene: Checkout(scene).ready_to_reserve,
    "the checkout": lambda scene: Checkout(scene).ready_to_look,
    "a payment": lambda scene: Checkout(scene).ready_to_pay,
    "a search that nobody has made": lambda scene: _always(search_anew(scene)),
    "a search again": lambda scene: _always(search_again(scene)),
    "home": lambda scene: _always(page("/")(scene)),
    "results": lambda scene: _always(page("/rooms?location=antwerp&{dates}&capacity=2")(scene)),
    "a room": lambda scene: _always(page("/rooms/{room}?{dates}&guests=2")(scene)),
}


def _always(action: Action) -> Prepare:
    return lambda: action


@pytest.fixture(scope="module")
def scene(house: House) -> Scene:
    return Scene(house)


@pytest.mark.parametrize("name", WHAT)
def test_it_spends_no_more_than_its_budget(scene: Scene, name: str) -> None:
    spent = usual(WHAT[name](scene), scene.house.meter)
    print(f"\n{name}: {spent}")
    assert excess(name, spent, BUDGETS[name]) == []


@pytest.mark.usefixtures("scene")
def test_a_machine_that_is_slow_spends_no_more(house: House) -> None:
    checkout = Checkout(Scene(house, 200))
    checkout.ready_to_pay()()
    pay = checkout.ready_to_pay()
    time.sleep(0.4)  # what is kept of users would have to be prolonged
    assert house.meter.spent_by(pay).redis == BUDGETS["a payment"].redis


# --- the meter itself

CHEAP = spends("select rooms", round_trips=1, commits=0, wal=1000, redis=2, templates=1)


@pytest.mark.parametrize(
    ("spent", "told"),
    [
        (CHEAP, []),
        (replace(CHEAP, wal=1099), []),
        (replace(CHEAP, wal=1101), ["home takes 1101 bytes of WAL, its budget is 1000"]),
        (replace(CHEAP, redis=3), ["home takes 3 calls of Redis, its budget is 2"]),
        (replace(CHEAP, commits=1), ["home takes 1 commits, its budget is 0"]),
        (
            replace(CHEAP, statements=("select rooms", "select memberships")),
            ["home sends 2 statements, its budget is 1; new: select memberships"],
        ),
    ],
)
def test_spending_more_is_said_in_a_sentence(spent: Spent, told: list[str]) -> None:
    assert excess("home", spent, CHEAP) == told


def test_a_statement_is_named_alike_whether_it_is_prepared_or_not() -> None:
    assert title("INSERT INTO bookings (id) VALUES (1)") == title("EXECUTE insert_bookings_12 (1)") == "insert bookings"
    assert title("SELECT a, b FROM rooms WHERE x") == title("EXECUTE select_rooms_3") == "select rooms"


def test_a_commit_is_whatever_waits_for_the_disk() -> None:
    inside = ["BEGIN ISOLATION LEVEL SERIALIZABLE", "INSERT INTO bookings", "UPDATE rooms", "COMMIT"]
    assert commits([*inside, "SELECT 1 FROM rooms", "INSERT INTO simulated_ledger (key)", "BEGIN", "ROLLBACK"]) == 2
    assert commits([inside[0], NO_WAIT, *inside[1:]]) == 0
    assert commits([inside[0], NO_WAIT, *inside[1:], *inside]) == 1


def test_one_statement_more_is_noticed(scene: Scene) -> None:
    """Watch it fail: the same action, with one look into the database that nobody has budgeted."""
    search = search_again(scene)

    def dearer() -> None:
        search()
        with scene.house.app.app_context():
            fetch(text("SELECT name FROM rooms LIMIT 1"))

    [sentence, *_] = excess("a search again", usual(_always(dearer), scene.house.meter), BUDGETS["a search again"])
    assert sentence == "a search again sends 1 statements, its budget is 0; new: select rooms"
