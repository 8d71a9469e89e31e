"""One booking and one search, as pgbench scripts that do the same work."""

from __future__ import annotations

import datetime as dt
import random
from itertools import repeat

from bench import replayed
from bench.clients import ask, request
from bench.copy_of_its_own import Copy, Web
from bench.filled import FILLED_DAYS, TODAY, Filling
from bench.workload import API, NIGHTS, Calendar, booking, day, search

WARM = 40  # requests before one is looked at: connections say hello first


def of_booking(copy: Copy, web: Web, token: str, filling: Filling, calendar: Calendar) -> str:
    """The statements of one booking, for other rooms, days and guests. Ends the run where it would do other work."""
    chance, window = random.Random(1), calendar.window(filling.rooms)
    make = booking(token, filling.rooms, window)
    asked = replayed.work_of(copy, lambda: [ask(web.port, make(chance)) for _ in repeat(None, WARM)], WARM)
    sent, answers, another = make(chance), [], make(chance)
    captured = replayed.capture(copy, lambda: answers.append(ask(web.port, sent)), warm=lambda: ask(web.port, another))
    [answer] = answers
    text = _booking_script(copy, captured, answer)
    turn = replayed.Turn(1, filling.rooms, filling.places, calendar.window(filling.rooms))
    done = replayed.work_of(copy, lambda: replayed.repeated(copy, text, turn, WARM), WARM)
    if done != asked:
        differing = sorted(name for name in {*asked, *done} if asked.get(name) != done.get(name))
        lines = [f"  {name!r}: {asked.get(name)}, {done.get(name)}" for name in differing]
        raise SystemExit("\n".join(["A booking and its script differ (calls and rows per turn):", *lines]))
    return text


def _booking_script(copy: Copy, captured: replayed.Captured, answer: dict[str, str]) -> str:
    [found] = copy.rows(
        "SELECT b.user_id::text, s.id::text, p.provider_reference, b.room_id::text, r.location, i.key,"
        " to_json(i.lease_until)#>>'{}', r.property_id::text FROM bookings b JOIN rooms r ON r.id = b.room_id"
        " JOIN sessions s ON s.user_id = b.user_id JOIN payments p ON p.booking_id = b.id"
        " JOIN idempotency_keys i ON i.booking_id = b.id WHERE b.reference = %s",
        answer["reference"],
    )
    user, session, charged, room, location, key, lease, house = found
    our_user, our_session = replayed.guests(copy)
    known = {
        user: our_user,
        session: our_session,
        room: f"{room[:-8]}:room",
        f"'{answer['checkIn']}'::date": f"(date '{TODAY}' + :day)",
        f"'{answer['checkOut']}'::date": f"(date '{TODAY}' + :day + {NIGHTS})",
        location: "place-:place",
        answer["reference"]: "R:lot",
        charged: "sim_:lot",
        key: "key-:lot",
    }
    return replayed.script(captured, known, {our_user, our_session, house}, dt.datetime.fromisoformat(lease))


def of_search(copy: Copy, web: Web, token: str) -> str:
    """The statements of one search with a full page, for other places and days."""
    chance, make = random.Random(1), search(token)
    for _ in range(WARM):
        ask(web.port, make(chance))
    check_in, check_out, place = day(FILLED_DAYS // 2), day(FILLED_DAYS // 2 + NIGHTS), "place-10"
    query = f"location={place}&checkIn={check_in}&checkOut={check_out}&capacity=1"
    answers: list[dict[str, int]] = []
    asked = request("GET", f"{API}/rooms?{query}", token=token)
    captured = replayed.capture(
        copy, lambda: answers.append(ask(web.port, asked)), warm=lambda: ask(web.port, make(chance))
    )
    if answers[0]["total"] <= answers[0]["pageSize"]:
        print("  (few rooms: the page of the captured search is not full, so it has no count)")
    known = {
        f"'{check_in}'::date": f"(date '{TODAY}' + :any_day)",
        f"'{check_out}'::date": f"(date '{TODAY}' + :any_day + {NIGHTS})",
        place: "place-:any_place",
    }
    return replayed.script(captured, known, set(replayed.UUID.findall("\n".join(captured.statements))))
