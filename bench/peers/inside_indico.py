"""Run by Indico's own Python: a user with a token, rooms and their bookings, straight into its tables.

Of ten nights in a room about four are taken, as in our own copy (bench/filled.py). Prints what clients need, as JSON.
"""

import json
import sys
from typing import Any

from indico.core.db import db
from indico.core.oauth.models.personal_tokens import PersonalToken
from indico.modules.rb.models.locations import Location
from indico.modules.rb.models.rooms import Room
from indico.modules.users import User
from indico.web.flask.app import make_app

LAST = 100  # rooms that have no booking yet
RESERVATIONS = """
INSERT INTO roombooking.reservations (created_dt, start_dt, end_dt, repeat_frequency, repeat_interval, booked_for_id,
  booked_for_name, created_by_id, room_id, state, booking_reason, end_notification_sent)
SELECT now(), first + time '08:00', first + nights - 1 + time '20:00', 1, 1, :user, 'Guest', :user, id, 2,
  'a stay', false
FROM (SELECT r.id, 1 + abs(hashint4(r.id * 7919 + i)) % 5 AS nights,
        current_date + 60 - :each * 15 / 2 + i * 15 / 2 + r.id % 3 AS first
      FROM roombooking.rooms r, generate_series(0, :each - 1) i WHERE r.id <= :rooms) stays"""
OCCURRENCES = """
INSERT INTO roombooking.reservation_occurrences (reservation_id, start_dt, end_dt, notification_sent, state)
SELECT id, start_dt + g * interval '1 day', start_dt::date + g + end_dt::time, false, 2
FROM roombooking.reservations, generate_series(0, end_dt::date - start_dt::date) g"""


def main(rooms: int, bookings: int, places: int) -> dict[str, Any]:
    """So many rooms, in each of them as many bookings, and `LAST` rooms without."""
    user = User(first_name="Guest", last_name="One", email="guest@example.com")
    token = PersonalToken(user=user, name="bench", scopes={"full:everything"})
    secret = token.generate_token()
    found = [Location(name=f"Place {number}") for number in range(places)]
    db.session.add_all([user, token, *found])
    for number in range(rooms + LAST):
        place = found[0 if number % 10 == 0 else number % (places - 1) + 1]
        room = Room(
            location=place, building=str(number), floor="1", number="1", owner=user, capacity=1 + number // 3 % 8
        )
        db.session.add(room)
    db.session.flush()
    db.session.execute(RESERVATIONS, {"user": user.id, "each": bookings // rooms, "rooms": rooms})
    db.session.execute(OCCURRENCES)
    db.session.commit()
    # New bookings and statistics: those of the planner are brought up to date as in our own copy.
    db.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"}).execute("VACUUM ANALYZE")
    return {"token": secret, "rooms": rooms, "last": LAST, "places": [place.id for place in found]}


if __name__ == "__main__":
    with make_app().app_context():
        print("ready", json.dumps(main(*map(int, sys.argv[1:]))), sep="\t")
