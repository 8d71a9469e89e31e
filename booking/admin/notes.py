"""Notes about a booking, at its page: written, changed and deleted by whoever wrote them."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response

from booking.admin.booking import act
from booking.domain import reservations
from booking.domain.reservations import front_desk
from booking.domain.reservations.front_desk import NoteEdit, NoteText, StaffBooking
from booking.infra.ids import decode
from booking.pages.forms import Form
from booking.pages.signed_in import actor

blueprint = Blueprint("notes", __name__, url_prefix="/bookings/<booking_id>/notes")


@blueprint.post("")
def add(booking_id: str) -> Response:
    """A new one."""

    def write(form: Form, seen: StaffBooking) -> None:
        front_desk.add_note(actor(), seen.booking.id, form.accept(NoteText))

    return act(booking_id, "note", write)


@blueprint.post("/<note_id>")
def edit(booking_id: str, note_id: str) -> Response:
    """In other words."""

    def change(form: Form, seen: StaffBooking) -> None:
        front_desk.edit_note(actor(), seen.booking.id, _id(note_id), form.accept(NoteEdit))

    return act(booking_id, f"note-{note_id}", change)


@blueprint.post("/<note_id>/delete")
def remove(booking_id: str, note_id: str) -> Response:
    """One's own."""

    def take_away(_form: Form, seen: StaffBooking) -> None:
        front_desk.remove_note(actor(), seen.booking.id, _id(note_id))

    return act(booking_id, "unnote", take_away)


def _id(note_id: str) -> uuid.UUID:
    known = decode("note", note_id)
    if known is None:
        raise reservations.NoteNotFound
    return known
