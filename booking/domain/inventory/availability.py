"""The truth about nights: claim, pin, book, release, block. A night without a row is free.

No other module writes the table (a test watches every statement). A claim is known by its id alone, be it a booking's,
a block's or later a change's; so a claim whose booking is not there (yet) is legal and ends with its hold. This is the
seam where a region will talk to the global catalogue.

What goes by time alone deletes held nights only, and those that are long over: a pinned or booked night belongs to
whoever pays or has paid for it, until the provider has said that nothing was and will be charged; a blocked one to its
block.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql import insert

from booking.domain import messages
from booking.domain.actors import Actor
from booking.domain.errors import RoomNotAvailable
from booking.domain.inventory import night_statements as sql
from booking.domain.inventory.models import BLOCKED, BOOKED, HELD
from booking.domain.inventory.taking import Claim, InTheWay, LinkedRoomHeld, NightsTaken
from booking.domain.stays import Stay
from booking.infra import cache
from booking.infra.db import act_after_commit, db, execute, require
from booking.infra.ids import encode

DAY = dt.timedelta(days=1)
KEPT_DAYS = 90  # rows of nights that are over by so many days are pruned


# --- for sale: held, pinned, booked


def claim(
    actor: Actor,
    claim_id: uuid.UUID,
    room_id: uuid.UUID,
    location: str,
    stay: Stay,
    *,
    held_until: dt.datetime,
    refusal: RoomNotAvailable | None = None,
) -> None:
    """Hold all nights of the stay for `claim_id`, or none: raises RoomNotAvailable, or the `refusal` that says more.

    One INSERT in night order (so that two claims never wait for each other in a circle); the primary key refuses what
    is taken, and the count decides. Nights whose hold has run out are cleared and the attempt starts anew.
    """
    if not _take(Claim(claim_id, room_id, location, stay), HELD, held_until):
        raise refusal or RoomNotAvailable()
    changed(actor, room_id, location, stay)


def claim_or_refuse(
    actor: Actor,
    claim_id: uuid.UUID,
    room_id: uuid.UUID,
    location: str,
    stay: Stay,
    *,
    held_until: dt.datetime,
    refusal: RoomNotAvailable | None = None,
) -> None:
    """The same without an answer: whatever is sent next refuses where anything has a row, be it a hold that ran out."""
    new = _nights(Claim(claim_id, room_id, location, stay), HELD, held_until)
    require(sql.INSERT_ALL, new, rows=stay.nights, otherwise=refusal or RoomNotAvailable())
    changed(actor, room_id, location, stay)


def claim_all(actor: Actor, wanted: Iterable[Claim], *, held_until: dt.datetime) -> None:
    """Hold all nights of all claims, or none: raises RoomNotAvailable, which has to end the caller's transaction.

    In the order of the rooms' ids, whatever the order they come in, so that two who want several rooms never wait for
    each other in a circle.
    """
    for one in sorted(wanted, key=lambda one: (one.room_id, one.stay.check_in)):
        claim(actor, one.id, one.room_id, one.location, one.stay, held_until=held_until)


def pin(claim_id: uuid.UUID, nights: int) -> bool:
    """Held -> pinned, for a payment: pinned nights do not end by time.

    False when the hold is over, or if somebody else has one of the nights in spite of the key.
    """
    return _nights_of(sql.PIN, {"claim": claim_id}) == nights


def pin_or_refuse(claim_id: uuid.UUID, nights: int, refusal: Exception) -> None:
    """The same without an answer: whatever is sent next raises `refusal` where pin() would say False."""
    require(sql.PIN_ALL, {"claim": claim_id}, rows=nights, otherwise=refusal)


def unpin(claim_id: uuid.UUID) -> dt.datetime | None:
    """Pinned -> held again until the hold's own end, which is returned: another card may be tried."""
    ends = execute(sql.UNPIN, {"claim": claim_id}).column
    return min((end for end in ends if end), default=None)


def book(claim_id: uuid.UUID, nights: int) -> bool:
    """Pinned -> booked. False when not all of them are the claim's any more."""
    return _nights_of(sql.BOOK, {"claim": claim_id}) == nights


def book_or_refuse(claim_id: uuid.UUID, nights: int, refusal: Exception) -> None:
    """The same without an answer: whatever is sent next raises `refusal` where book() would say False."""
    require(sql.BOOK_ALL, {"claim": claim_id}, rows=nights, otherwise=refusal)


def move(claim_id: uuid.UUID, nights: int, owner: uuid.UUID) -> bool:
    """Pinned -> booked for another claim: a change's nights become its booking's.

    False, and none is moved, when there are not so many any more.
    """
    rows = execute(sql.MOVE, {"claim": claim_id, "owner": owner, "nights": nights}).column
    moved = sum(whole_id is None for whole_id in rows)
    if moved not in (0, nights):
        raise RuntimeError(f"{moved} of {nights} nights were moved")
    return moved == nights


def release_unsold(actor: Actor, claim_id: uuid.UUID) -> int:
    """Free what the claim holds or has pinned, and nothing that was sold. Returns how many nights that were."""
    return _freed(actor, execute(sql.RELEASE_UNSOLD, {"claim": claim_id}).rows)


def release(actor: Actor, claim_id: uuid.UUID, stay: Stay | None = None, *, room_id: uuid.UUID | None = None) -> int:
    """Free whatever the claim has, or what it has within the `stay`, in one room. Returns how many nights that were."""
    if stay is None:
        return _freed(actor, execute(sql.RELEASE, {"claim": claim_id}).rows)
    return _freed(actor, execute(sql.RELEASE_PART, {"claim": claim_id, "room": room_id, **_dates(stay)}).rows)


def release_held(actor: Actor, claim_id: uuid.UUID) -> int:
    """For sweepers: free those nights of the claim that are held, and no others. Returns how many that were."""
    return _freed(actor, execute(sql.RELEASE_HELD, {"claim": claim_id}).rows)


def release_abandoned(actor: Actor, limit: int = 1000) -> int:
    """Free nights whose booking never came: their hold ended more than a minute and less than seven days ago.

    Older ones stand in nobody's way: whoever wants such a night clears it.
    """
    return sum(release_held(actor, claim_id) for claim_id in execute(sql.ABANDONED, {"limit": limit}).column)


def record_sold(sold: Collection[Claim]) -> None:
    """Nights that were sold before they came here: booked at once. Raises IntegrityError where one is taken.

    Tells nobody: it is for filling a house.
    """
    rows = [
        {"claim_id": one.id, "room_id": one.room_id, "location": one.location, "night": night, "state": BOOKED}
        for one in sold
        for night in one.stay.dates()
    ]
    db.session.execute(insert(sql.TABLE), rows)
    db.session.execute(sql.ADD_PARTS_OF, {"claims": list({one.id for one in sold})})


def sell(actor: Actor, one: Claim) -> list[InTheWay]:
    """Book all nights at once, or none, for who has them already: a reservation that was made elsewhere.

    What stands in the way; nothing where they are the claim's now. The caller may go on with other claims.
    """
    return _take_whole(actor, one, BOOKED)


# --- off sale: blocked


def block(actor: Actor, one: Claim) -> None:
    """Take all nights off sale, or none: raises NightsTaken, which names those that are held, booked or blocked."""
    if others := _take_whole(actor, one, BLOCKED):
        raise NightsTaken({night.night: night.state for night in others})


def unblock(actor: Actor, block_id: uuid.UUID) -> int:
    """Put the block's nights on sale again. Returns how many that were."""
    return _freed(actor, execute(sql.UNBLOCK, {"claim": block_id}).rows)


# --- looking


def is_free(room_id: uuid.UUID, stay: Stay) -> bool:
    """For showing, never for deciding: true when no night has a row (or only a hold that ran out), nor any room that
    this one contains.
    """
    return not taken_nights(room_id, stay)


def taken_nights(room_id: uuid.UUID, stay: Stay) -> set[dt.date]:
    """The nights within `stay` that cannot be had of exactly this room."""
    return set(execute(sql.TAKEN, _range(room_id, stay)).column)


# --- wholes and their parts


def add_part(whole_id: uuid.UUID, part_id: uuid.UUID, since: dt.date) -> None:
    """What the whole has taken from `since` on takes the part's nights from now on, in the transaction that links them.

    Raises NightsTaken, which names those that somebody else has of the part; LinkedRoomHeld where somebody is buying
    the whole at this moment.
    """
    values = {"whole": whole_id, "part": part_id, "since": since}
    taken = execute(sql.NIGHTS_SINCE, values).rows
    if any(night.state not in (BOOKED, BLOCKED) for night in taken):
        raise LinkedRoomHeld
    if execute(sql.ADD_PART, values).count != len(taken):
        raise NightsTaken({row.night: row.state for row in execute(sql.BOTH_TAKEN, values).rows})


def drop_part(actor: Actor, whole_id: uuid.UUID, part_id: uuid.UUID) -> None:
    """The part's nights that only the whole had are on sale again. Raises LinkedRoomHeld as add_part() does."""
    values = {"whole": whole_id, "part": part_id, "since": dt.date.min}
    if any(night.state not in (BOOKED, BLOCKED) for night in execute(sql.NIGHTS_SINCE, values).rows):
        raise LinkedRoomHeld
    _freed(actor, execute(sql.DROP_PART, values).rows)


# --- what is over


def prune(place: str, since: dt.date, portion: int) -> list[dt.date]:
    """Delete at most `portion` booked or blocked nights of the place that are over by KEPT_DAYS, from `since` on.

    Returns which. A row that somebody changes at this moment is elsewhere by now, and waits for the next time.
    """
    values = {"place": place, "since": since, "days": KEPT_DAYS, "portion": portion}
    return list(execute(sql.PRUNE, values).column)


# --- around them


def changed(actor: Actor, room_id: uuid.UUID, location: str, stay: Stay) -> None:
    """Tell the caches once at commit, whatever else the transaction changes, and the outbox in case that fails."""
    dates = {"from": stay.check_in.isoformat(), "to": stay.check_out.isoformat()}
    payload = {"roomId": encode("room", room_id), "location": location, **dates}
    change = messages.record(actor, "availability.updated", payload)
    act_after_commit("changed nights", (location, str(change)), _tell)


def _tell(changes: list[tuple[str, str]]) -> None:
    cache.bump({location for location, _ in changes}, [change for _, change in changes])


def _take(one: Claim, state: str, held_until: dt.datetime | None = None) -> bool:
    """All nights in this state, run-out holds cleared away; False where others have some, and nothing is complete."""
    new = _nights(one, state, held_until)
    if _nights_of(sql.INSERT, new) == one.stay.nights:
        return True
    return _cleared(one, state) and _nights_of(sql.INSERT, new) == one.stay.nights


def _take_whole(actor: Actor, one: Claim, state: str) -> list[InTheWay]:
    """All nights or none, and which are somebody else's."""
    complete, nights = _take(one, state), _range(one.room_id, one.stay)
    # Read even where all could be had: beside the key, SERIALIZABLE is to stand in the way by itself.
    others = [InTheWay(*row) for row in execute(sql.IN_THE_WAY, {"claim": one.id, **nights}).rows]
    if complete and not others:
        changed(actor, one.room_id, one.location, one.stay)
    elif not others:
        raise RoomNotAvailable  # what stood there is gone by now
    else:
        execute(sql.GIVE_BACK, {"claim": one.id, "taken": state, **nights})
    return others


def _cleared(one: Claim, state: str) -> bool:
    """Give back what this attempt took and delete the run-out holds in its way; False where more than that stands."""
    nights = _range(one.room_id, one.stay)
    execute(sql.GIVE_BACK, {"claim": one.id, "taken": state, **nights})
    if not all(execute(sql.STANDING, nights).column):
        return False
    execute(sql.DELETE_RUN_OUT, nights)
    return True


def _freed(actor: Actor, nights: Sequence[Any]) -> int:
    """Say which nights are on sale again, room by room; those of a whole's parts are the whole's."""
    freed = set(nights)
    for (room_id, location), of_room in groupby(sorted(freed), key=attrgetter("room_id", "location")):
        dates = [night.night for night in of_room]
        changed(actor, room_id, location, Stay(min(dates), max(dates) + DAY))
    return len(freed)


def _nights(one: Claim, state: str, held_until: dt.datetime | None) -> dict[str, Any]:
    """The values of new rows."""
    return {
        "new_room": one.room_id,
        "first_night": one.stay.check_in,
        "days": one.stay.nights - 1,
        "new_location": one.location,
        "new_state": state,
        "new_claim": one.id,
        "until": held_until,
    }


def _range(room_id: uuid.UUID, stay: Stay) -> dict[str, Any]:
    return {"room": room_id, **_dates(stay)}


def _dates(stay: Stay) -> dict[str, Any]:
    return {"check_in": stay.check_in, "check_out": stay.check_out}


def _nights_of(statement: ClauseElement, values: dict[str, Any]) -> int:
    return int(execute(statement, values).column[0])
