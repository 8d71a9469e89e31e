"""The way into the staff side: who may come in, what they find there, and at which property they are."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Blueprint, Response, current_app, g, request, session, url_for
from flask_babel import gettext

from booking.admin import calendar_place
from booking.domain import catalogue, people
from booking.domain.catalogue import House
from booking.domain.errors import NotFound
from booking.domain.people import StaffAreas
from booking.infra.ids import decode, encode
from booking.pages import rendering, security, signed_in
from booking.pages.rendering import go_to
from booking.pages.signed_in import actor, current_user, visitor

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

FRAME = "admin/base.html"
HOUSE = "house"  # in the session's cookie: the property that was chosen last, empty for all
CHOSEN_BEFORE = "desk-property"  # a cookie that outlives the sign-in, so that the next one begins there
A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the menu; `endpoint` is the first page of its area."""

    endpoint: str
    text: str
    icon: str
    blueprints: tuple[str, ...]  # whose pages are within it


OF_BOOKINGS = tuple(
    f"admin.{name}"
    for name in (
        "answers",
        "bookings",
        "booking",
        "booking_invoices",
        "change",
        "data_requests",
        "emails",
        "guest",
        "imports",
        "new_booking",
        "notes",
        "register",
        "views",
    )
)
OF_RATES = tuple(
    f"admin.{name}" for name in ("rates", "rate_rules", "rate_ranges", "rate_sheets", "rate_days", "promotions")
)


class Desk:
    """What every staff page knows: `desk` in templates."""

    def __init__(self, areas: StaffAreas) -> None:
        self.areas = areas

    @property
    def sections(self) -> list[Section]:
        """The menu of whoever is here."""
        found = [Section("admin.today.show", gettext("Today"), "sun", ("admin.today",))]
        if self.areas.bookings:
            found.append(Section("admin.calendar.show", gettext("Calendar"), "calendar", ("admin.calendar",)))
            found.append(Section("admin.bookings.index", gettext("Bookings"), "luggage", OF_BOOKINGS))
        rooms = ["admin.room_list", "admin.room", "admin.new_room", "admin.room_sheets"]
        properties = ["admin.properties", "admin.set_up"]
        # Photos are a room's or a property's, and their pages stand where those do.
        (properties if "property_id" in (request.view_args or {}) else rooms).append("admin.photos")
        found.append(Section("admin.room_list.show", gettext("Rooms"), "bed-double", tuple(rooms)))
        if self.areas.rates:
            found.append(Section("admin.rates.show", gettext("Rates"), "arrow-up-down", OF_RATES))
        if self.areas.bookings:
            found.append(
                Section(
                    "admin.messages.index",
                    gettext("Messages"),
                    "mail",
                    ("admin.messages", "admin.sent_emails", "admin.sent_texts"),
                )
            )
        if self.areas.properties:
            found.append(Section("admin.properties.index", gettext("Properties"), "house", tuple(properties)))
        if self.areas.rooms:
            found.append(Section("admin.policies.index", gettext("Policies"), "calendar", ("admin.policies",)))
        if self.areas.cash:
            found.append(Section("admin.cash.index", gettext("Cash"), "banknote", ("admin.cash",)))
        if self.areas.bookings:
            found.append(
                Section("admin.invoices.index", gettext("Invoices"), "credit-card", ("admin.invoices", "admin.payouts"))
            )
        if self.areas.figures:
            found.append(Section("admin.figures.show", gettext("Figures"), "chart-column", ("admin.figures",)))
        if self.areas.people:
            found.append(Section("admin.people.index", gettext("People"), "users", ("admin.people",)))
        if self.areas.system:
            found.append(
                Section(
                    "admin.system.show",
                    gettext("System"),
                    "sliders-horizontal",
                    ("admin.system", "admin.maintenance", "admin.alerts"),
                )
            )
        if self.areas.audit:
            found.append(Section("admin.audit.index", gettext("Audit log"), "receipt", ("admin.audit",)))
        return found

    @cached_property
    def houses(self) -> list[House]:
        """The properties at which they work."""
        return catalogue.properties_of_staff(actor())

    @cached_property
    def house(self) -> House | None:
        """The one that they have chosen, or the only one; None for all of them."""
        if len(self.houses) == 1:
            return self.houses[0]
        chosen = decode("property", session.get(HOUSE, request.cookies.get(CHOSEN_BEFORE, "")))
        return next((house for house in self.houses if house.id == chosen), None)

    def house_of(self, key: str) -> House:
        """The property of this id in an address or a form; where there is none, the chosen one, or the first.

        Raises NotFound.
        """
        wanted = decode("property", key)
        houses = self.houses if key else self.shown_houses
        found = next((house for house in houses if not key or house.id == wanted), None)
        if found is None:
            raise NotFound
        return found

    @property
    def is_to_be_set_up(self) -> bool:
        """Whether guests see no room of what is shown here, and somebody is here who can change that."""
        return self.areas.rooms and not any(house.is_open for house in self.shown_houses)

    def set_up_of(self, property_id: uuid.UUID) -> str:
        """The address of the page that leads through setting up this property: empty once guests see a room of it."""
        waiting = (house.id for house in self.houses if not house.is_open)
        if not self.areas.rooms or property_id not in waiting:
            return ""
        return url_for("admin.set_up.show", property=encode("property", property_id))

    @property
    def house_choices(self) -> list[tuple[str, str]]:
        """All of them, for a form: pairs of a key, as house_of() takes it, and a name."""
        return [(encode("property", house.id), house.name) for house in self.houses]

    @property
    def shown_houses(self) -> list[House]:
        """The chosen one, or all."""
        return [self.house] if self.house else self.houses

    @property
    def zone(self) -> str:
        """Of the first property that is shown: in it times are told and meant, and days begin, where several are."""
        return next((house.time_zone for house in self.shown_houses), "Etc/UTC")


def desk() -> Desk:
    """Of this request."""
    found: Desk = g.desk
    return found


blueprint.url_defaults(calendar_place.carry)


@blueprint.before_request
def _let_in() -> Response | None:
    """Staff; strangers sign in first, and for guests there is nothing here: raises NotFound."""
    security.personal()
    if not current_user.is_authenticated:
        return signed_in.sign_in_first()
    if visitor().lacks_second_factor:
        return go_to(url_for("two_step.show"))
    g.desk = Desk(people.staff_areas_of(actor()))
    rendering.use_frame(FRAME)
    return None


@blueprint.context_processor
def _facts() -> dict[str, Any]:
    return {"desk": g.get("desk"), "house_key": lambda house: encode("property", house.id)}


@blueprint.post("/property")
def choose_property() -> Response:
    """Stay at this property on every page, until another one is chosen; none means all."""
    chosen = decode("property", request.form.get("property", ""))
    session[HOUSE] = request.form["property"] if any(house.id == chosen for house in desk().houses) else ""
    response = go_to(security.page_path(request.form.get("next"), url_for("admin.today.show")))
    is_secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(
        CHOSEN_BEFORE,
        session[HOUSE],
        max_age=A_YEAR,
        path=blueprint.url_prefix,
        secure=is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response
