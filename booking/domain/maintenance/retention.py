"""What is pruned when; a worker does it every hour. docs/operating.md lists everything that grows.

Periods stand here, or beside the table that has a prune of its own: KEPT and GIVEN_UP_KEPT of messages/outbox.py
(events), KEPT_DAYS of inventory/availability.py (nights, blocks), KEPT_FOR of reservations/idempotency.py (keys) and of
people/email_changes.py, KEPT of correspondence/mail_reports.py, TOLD_WITHIN of people/account_closing.py (addresses of
deleted accounts).

Bookings that were confirmed or cancelled, their payments and the charges of the ledger stay: they are the books. Each
statement finds its rows by an index and deletes a portion at a time, so that nobody waits for it. Ids carry the time
they were made at (UUID version 7): for most tables the primary key is the index by age.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import TextClause, text

from booking.domain import correspondence, inventory, invoicing, messages, people, reservations
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.people import Action
from booking.domain.reservations import guest_register, personal_data
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, execute, reading, transaction
from booking.infra.ids import first_id_at

PORTION = 500  # rows
NIGHTS_PORTION = 100  # rows; they lie far apart

SIGN_INS = dt.timedelta(days=120)  # after they began, if they are over: longer than a session may last
LINKS = dt.timedelta(days=7)  # links in emails, good for an hour or a day
IMPORT_FILES = dt.timedelta(days=1)  # that somebody uploaded to look at: names of guests stand in them
EXPIRED_BOOKINGS = dt.timedelta(days=30)  # that nobody tried to pay for, and by which nobody asked for their data
GUESTS = dt.timedelta(days=365)  # contacts and registers, after the stay, where an operator says nothing else
TEXT_CONSENTS = dt.timedelta(days=3 * 365)  # that were withdrawn: what somebody had agreed to can be shown so long
UNMOVED_MONEY = dt.timedelta(days=180)  # declined and cancelled charges in the simulated provider's ledger


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of one kind, and a statement that deletes at most :portion of those made before the id :before."""

    name: str
    kept: dt.timedelta
    statement: TextClause


def _older(table: str, key: str = "id", where: str = "true") -> TextClause:
    """Oldest first; what somebody else has locked waits for the next hour.

    An array is made once. What stands in IN (...) may be run again for each row, and then chooses others. OFFSET 0
    keeps what must not exist a look-up by its index for each row: the planner might read all of it, and join, instead.
    """
    return text(
        f"DELETE FROM {table} WHERE {key} = ANY (ARRAY(SELECT {key} FROM {table}"  # noqa: S608
        f" WHERE {key} < :before AND {where} ORDER BY {key} LIMIT :portion FOR UPDATE SKIP LOCKED))"
    )


RULES = (
    Rule("sessions", SIGN_INS, _older("sessions", where="(ended_at IS NOT NULL OR last_seen_at < now() - :kept)")),
    Rule("password_resets", LINKS, _older("password_resets")),
    Rule("invitations", LINKS, _older("invitations", where="expires_at < now()")),
    Rule("import_files", IMPORT_FILES, _older("import_files")),
    Rule("room_sheets", IMPORT_FILES, _older("room_sheets")),
    Rule("text_consents", TEXT_CONSENTS, _older("text_consents", where="withdrawn_at < now() - :kept")),
    Rule("email_verifications", LINKS, _older("email_verifications", where="expires_at < now()")),
    Rule(
        "expired_bookings",
        EXPIRED_BOOKINGS,
        _older(
            "bookings",
            where="status = 'EXPIRED' AND NOT EXISTS (SELECT FROM payments WHERE booking_id = bookings.id OFFSET 0)"
            " AND NOT EXISTS (SELECT FROM availability WHERE claim_id = bookings.id OFFSET 0)"
            " AND NOT EXISTS (SELECT FROM data_requests WHERE booking_id = bookings.id OFFSET 0)",
        ),
    ),
    Rule(
        "unmoved_charges",
        UNMOVED_MONEY,
        _older(
            "simulated_ledger",
            "key",
            "kind IN ('declined', 'tombstone') AND NOT EXISTS (SELECT FROM payments WHERE id = simulated_ledger.key"
            " AND state IN ('started', 'unknown') OFFSET 0)",
        ),
    ),
)

_PLACES = text("SELECT DISTINCT location FROM properties")


def prune(
    actor: Actor,
    security_events: dt.timedelta,
    *,
    guest_contacts: dt.timedelta = GUESTS,
    register_days: int | None = None,
) -> dict[str, int]:
    """Delete everything that is older than it should be; security events, and after their stay contacts of guests
    without an account and guest registers, are kept for as long as the operator says.

    Returns how many of what, without the zeros. Each portion is a transaction of its own; the audit log gets one entry
    for all, at the end. Raises Forbidden.
    """
    people.require(actor, Action.PRUNE, otherwise=Forbidden)
    done = {rule.name: _until_done(lambda rule=rule: _apply(rule)) for rule in RULES}  # type: ignore[misc]
    done["past_nights"] = sum(map(_past_nights, _places()))
    done["past_blocks"] = _until_done(lambda: inventory.prune_blocks(PORTION))
    done["reasons_of_blocks"] = _until_done(lambda: inventory.prune_lifted_blocks(PORTION))
    done["idempotency_keys"] = _until_done(lambda: reservations.prune_keys(PORTION))
    done["guest_contacts"] = _until_done(lambda: personal_data.erase_past_guests(actor, guest_contacts, PORTION))
    done["guest_registers"] = _until_done(lambda: guest_register.erase_past(actor, register_days, PORTION))
    done["invoice_buyers"] = _until_done(lambda: invoicing.prune_invoice_buyers(PORTION))
    done["events"] = _until_done(lambda: messages.prune_events(PORTION))
    done["mail_reports"] = _until_done(lambda: correspondence.prune_mail_reports(PORTION))
    done["told_arrivals"] = _until_done(lambda: correspondence.prune_told_arrivals(PORTION))
    done["email_changes"] = _until_done(lambda: people.prune_email_changes(PORTION))
    done["farewells"] = _until_done(lambda: people.prune_farewells(PORTION))
    done["security_events"] = _until_done(lambda: people.prune_security_events(security_events, PORTION))
    pruned = {name: number for name, number in done.items() if number}
    if pruned:
        _note(actor, pruned)
    return pruned


@transaction(isolation=READ_COMMITTED)
def _note(actor: Actor, pruned: dict[str, int]) -> None:
    people.audit(actor, "house.pruned", "retention", before=pruned)


def _until_done(work: Callable[[], int]) -> int:
    done = 0
    while (portion := work()) >= PORTION:
        done += portion
    return done + portion


def before(rule: Rule) -> uuid.UUID:
    """The first id that the rule keeps."""
    return first_id_at(clock.now() - rule.kept)


@transaction(isolation=READ_COMMITTED)
def _apply(rule: Rule) -> int:
    values = {"before": before(rule), "portion": PORTION}
    if ":kept" in rule.statement.text:
        values["kept"] = rule.kept
    return execute(rule.statement, values).count


@reading
def _places() -> list[str]:
    return list(execute(_PLACES, {}).column)


def _past_nights(place: str) -> int:
    """Each portion goes on where the last one ended: before that, the index is full of what was just deleted."""
    done, since = 0, dt.date.min
    while len(nights := _delete_nights(place, since)) >= NIGHTS_PORTION:
        done, since = done + len(nights), max(nights)
    return done + len(nights)


@transaction(isolation=READ_COMMITTED)
def _delete_nights(place: str, since: dt.date) -> list[dt.date]:
    return inventory.prune_nights(place, since, NIGHTS_PORTION)
