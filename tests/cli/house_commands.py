"""The commands about rooms, their nights and properties: a part of the matrix (test_matrix.py)."""

from __future__ import annotations

from tests.cli.command_house import unknown
from tests.cli.command_kinds import CHANGES, FILES, LISTS, NIGHTS, A, Command, of
from tests.cli.figures_commands import FIGURES
from tests.cli.invoice_commands import INVOICES
from tests.cli.promotion_commands import PROMOTIONS
from tests.cli.rate_commands import RATES

MAY_EDIT = frozenset({A.EDIT_ROOMS})

ROOMS: dict[str, Command] = {
    **RATES,
    **PROMOTIONS,
    **INVOICES,
    **FIGURES,
    "rooms import": Command(
        FILES,
        {A.IMPORT_ROOMS},
        lambda h: [h.rooms_file()],
        of("/no/such/file.csv"),
        looks=frozenset({A.ADD_PROPERTIES}),
    ),
    "bookings refund": Command(
        CHANGES,
        {A.SEE_BOOKING, A.DECIDE_REFUNDS},
        lambda h: [h.booked(), "10", "--reason", "no hot water", "--yes"],
        of("NOSUCHXX", "10", "--reason", "no hot water", "--yes"),
    ),
    "rooms export": Command(FILES, {A.EXPORT_ROOMS}, of("-"), of("--location", "nowhere")),
    "rooms block": Command(CHANGES, {A.BLOCK_NIGHTS}, lambda h: [h.room_id, *h.nights()], of(unknown("room"), *NIGHTS)),
    "rooms unblock": Command(CHANGES, {A.BLOCK_NIGHTS}, lambda h: [h.block()], of(unknown("block"))),
    "rooms blocks": Command(LISTS, {A.BLOCK_NIGHTS}, lambda h: [h.room_id], of(unknown("room"))),
    "rooms units": Command(
        CHANGES, {A.EDIT_ROOMS}, lambda h: [h.single(), "Double 1", "Double 2"], of(unknown("room"), "Double 1")
    ),
    "rooms link": Command(
        CHANGES, {A.EDIT_ROOMS}, lambda h: [h.single(), h.single()], of(unknown("room"), unknown("room"))
    ),
    "rooms unlink": Command(CHANGES, {A.EDIT_ROOMS}, lambda h: h.linked(), of(unknown("room"), unknown("room"))),
    "rooms status": Command(
        CHANGES, {A.SET_ROOM_STATUS}, lambda h: [h.room_id, "--set", "dirty"], of(unknown("room"), "--set", "dirty")
    ),
    "rooms list": Command(LISTS, {A.SEE_ROOMS}, of(), of("--property", "nowhere"), looks=frozenset({A.EDIT_PROPERTY})),
    "rooms show": Command(LISTS, {A.SEE_ROOMS}, lambda h: [h.room_id], of(unknown("room")), looks=MAY_EDIT),
    "rooms create": Command(
        CHANGES,
        {A.SEE_ROOMS, A.EDIT_ROOMS},
        lambda h: [h.slug, "Attic", "--capacity", "2", "--price", "90", "--beds", "1 double"],
        of("nowhere", "Attic", "--capacity", "2"),
        looks=frozenset({A.EDIT_PROPERTY}),
    ),
    "rooms edit": Command(
        CHANGES, {A.SEE_ROOMS, A.EDIT_ROOMS}, lambda h: [h.made(), "--price", "91"], of(unknown("room"), "--price", "9")
    ),
    "rooms copy": Command(
        CHANGES, {A.SEE_ROOMS, A.EDIT_ROOMS}, lambda h: [h.made(), "Another"], of(unknown("room"), "Another")
    ),
    "rooms publish": Command(
        CHANGES, {A.SEE_ROOMS, A.EDIT_ROOMS}, lambda h: [h.made(published=False)], of(unknown("room"))
    ),
    "rooms unpublish": Command(CHANGES, {A.SEE_ROOMS, A.EDIT_ROOMS}, lambda h: [h.made()], of(unknown("room"))),
    "rooms archive": Command(CHANGES, {A.SEE_ROOMS, A.EDIT_ROOMS}, lambda h: [h.made()], of(unknown("room"))),
    "properties show": Command(
        LISTS, {A.SEE_ROOMS}, lambda h: [h.slug], of("nowhere"), looks=frozenset({A.EDIT_PROPERTY})
    ),
    "properties create": Command(
        CHANGES,
        {A.ADD_PROPERTIES},
        of("Pier", "--city", "Oslo", "--time-zone", "Europe/Oslo", "--currency", "NOK"),
        of("Pier", "--city", "Oslo", "--time-zone", "Europe/Oslo", "--currency", "DEM"),
        looks=frozenset({A.SEE_ROOMS, A.EDIT_PROPERTY}),
    ),
    "properties edit": Command(
        CHANGES,
        {A.SEE_ROOMS, A.EDIT_PROPERTY},
        lambda h: [h.house(), "--phone", "+32 3 123 45 67"],
        of("nowhere", "--phone", "+32 3 123 45 67"),
    ),
    "properties archive": Command(CHANGES, {A.SEE_ROOMS, A.EDIT_PROPERTY}, lambda h: [h.house()], of("nowhere")),
    "properties publish": Command(
        CHANGES, {A.SEE_ROOMS, A.EDIT_PROPERTY}, lambda h: [h.house(archived=True)], of("nowhere")
    ),
    "properties list": Command(LISTS, {A.EXPORT_ROOMS}, of()),
}
