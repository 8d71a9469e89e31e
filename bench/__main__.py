"""`make bench`: bookings and searches over HTTP, beside pgbench running the same statements, turn by turn.

python -m bench --seconds 5 --rounds 3 --clients 8 --rooms 10000
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import random
import statistics
from pathlib import Path
from typing import Any

from bench import replayed
from bench.clients import Measured, measure, sign_in
from bench.copy_of_its_own import FIRST_ROOM, PLACES, Copy, place, room_uuid, running
from booking.infra.ids import encode

HOME = Path(os.environ.get("BENCH_DIR", Path(__file__).parents[1] / "var" / "bench"))
TODAY = dt.datetime.now(dt.UTC).date()
NIGHTS = 3
WARM = 40  # requests before one is looked at: connections say hello first


def day(ahead: int) -> str:
    return (TODAY + dt.timedelta(days=ahead)).isoformat()


def a_booking(chance: random.Random, rooms: int) -> tuple[str, str, dict[str, Any]]:
    """Three nights in any room, within the next 500 days."""
    import uuid

    ahead = chance.randint(1, 500)
    room = encode("room", uuid.UUID(room_uuid(chance.randrange(rooms))))
    order = {"roomId": room, "checkIn": day(ahead), "checkOut": day(ahead + NIGHTS), "guests": 1}
    return "POST", "/bookings", order | {"paymentMethodId": "pm_card_visa"}


def a_search(chance: random.Random) -> tuple[str, str, None]:
    """A page of rooms in any place, for any size and dates, with the total."""
    ahead, where, size = chance.randint(1, 500), chance.randrange(PLACES), chance.randint(1, 4)
    query = f"location=place-{10 + where}&checkIn={day(ahead)}&checkOut={day(ahead + NIGHTS)}&capacity={size}"
    return "GET", f"/rooms?{query}", None


def one(copy: Copy, token: str, request: tuple[str, str, dict[str, Any] | None]) -> Any:
    """Ask once and return the JSON."""
    import urllib.request

    method, path, body = request
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    asked = urllib.request.Request(f"http://127.0.0.1:{copy.port}/api/v1{path}", data, headers, method=method)
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def booking_script(copy: Copy, token: str, rooms: int) -> str:
    """The statements of one booking, for other rooms and dates."""
    chance, answer = random.Random(1), dict[str, Any]()
    for _ in range(WARM):
        one(copy, token, a_booking(chance, rooms))
    request = a_booking(chance, rooms)
    statements = replayed.capture(copy, lambda: answer.update(one(copy, token, request)))
    with copy.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.user_id::text, s.id::text, p.provider_reference, b.room_id::text FROM bookings b"
            " JOIN sessions s USING (user_id) JOIN payments p ON p.booking_id = b.id"
            " WHERE b.reference = %s",
            [answer["reference"]],
        )
        user, session, charged, room = cursor.fetchone()
    known = {
        room: f"{room_uuid(0)[: -len(str(FIRST_ROOM))]}:r",
        f"'{answer['checkIn']}'::date": f"(date '{TODAY}' + :d)",
        f"'{answer['checkOut']}'::date": f"(date '{TODAY}' + :d + {NIGHTS})",
        answer["reference"]: "R:c:n",
        charged: "sim_:c:n",
    }
    return replayed.script(statements, known, {user, session})


def search_script(copy: Copy, token: str) -> str:
    """The statements of one search, for other places and dates."""
    check_in, check_out = day(200), day(200 + NIGHTS)
    request = ("GET", f"/rooms?location={place(7)}&checkIn={check_in}&checkOut={check_out}&capacity=2", None)
    for _ in range(WARM):
        one(copy, token, request)
    statements = replayed.capture(copy, lambda: one(copy, token, request))
    known = {
        f"'{check_in}'::date": f"(date '{TODAY}' + :d)",
        f"'{check_out}'::date": f"(date '{TODAY}' + :d + {NIGHTS})",
        place(7): "place-:p",
    }
    return replayed.script(statements, known, set(replayed.UUID.findall("\n".join(statements))))


def compare(
    name: str, copy: Copy, tokens: list[str], *, arguments: argparse.Namespace, script: str, request: Any, wanted: int
) -> str:
    """Turn by turn: HTTP, pgbench, HTTP, pgbench …; the medians and their ratio."""
    over_http: list[Measured] = []
    bare: list[float] = []
    for _ in range(arguments.rounds):
        over_http.append(measure(copy.port, tokens, arguments.seconds, request, wanted))
        bare.append(
            replayed.pgbench(copy, script, clients=len(tokens), seconds=arguments.seconds, rooms=arguments.rooms)
        )
        print(f"  {name}: {over_http[-1]}   pgbench {bare[-1]:.0f}/s", flush=True)
    http, floor = statistics.median(m.per_second for m in over_http), statistics.median(bare)
    middle = sorted(over_http, key=lambda m: m.per_second)[len(over_http) // 2]
    return (
        f"| {name} | {http:.0f} | {middle.p50:.1f} / {middle.p95:.1f} / {middle.p99:.1f} | {floor:.0f} |"
        f" {http / floor:.0%} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rooms", type=int, default=10_000)
    arguments = parser.parse_args()
    with running(HOME) as copy:
        copy.fill(arguments.rooms)
        tokens = [sign_in(copy.port, f"client-{number}") for number in range(arguments.clients)]
        booked, found = booking_script(copy, tokens[0], arguments.rooms), search_script(copy, tokens[0])
        (HOME / "booking.sql").write_text(booked)
        (HOME / "search.sql").write_text(found)
        rows = [
            compare(
                "bookings",
                copy,
                tokens,
                arguments=arguments,
                script=booked,
                request=lambda chance: a_booking(chance, arguments.rooms),
                wanted=201,
            ),
            compare(
                "searches, uncached", copy, tokens, arguments=arguments, script=found, request=a_search, wanted=200
            ),
        ]
    print(
        f"\n{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {TODAY};"
        f" {arguments.rooms} rooms, {arguments.clients} clients, {arguments.rounds} x {arguments.seconds:.0f} s\n"
    )
    print("| what | per second | p50 / p95 / p99 ms | pgbench, same statements | ratio |\n|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
