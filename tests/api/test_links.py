"""The links of the OpenAPI document lead somewhere: followed as a program would, each is answered with a success."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from booking.api.docs import document
from booking.api.links import LINKS
from booking.domain.tables import Room
from tests.api.program import Program, dates
from tests.cases import each
from tests.cast import PASSWORD

OPERATIONS = {
    told["operationId"]: (method.upper(), path, told)
    for path, methods in document("linked")["paths"].items()
    for method, told in methods.items()
}
REST = {"guests": 1, "paymentMethodId": "pm_card_visa"}  # what a booking needs beside what a search knows


def test_every_link_names_an_operation_and_parameters_that_exist() -> None:
    for links in LINKS.values():
        for link in links.values():
            _, _, told = OPERATIONS[link["operationId"]]
            known = {parameter["name"] for parameter in told["parameters"]}
            assert {name.removeprefix("header.") for name in link.get("parameters", {})} <= known
            assert ("requestBody" in link) <= ("requestBody" in told)


def test_an_account_leads_to_a_session_and_a_session_to_the_next(anonymous: Program) -> None:
    person = {"email": "linked@example.com", "password": PASSWORD, "fullName": "L. Inked"}
    registered = anonymous.post("/auth/register", person)
    signed_in = follow(anonymous, "register", "signIn", registered, sent=person)
    assert signed_in.status_code == 200
    assert follow(anonymous, "login", "refresh", signed_in).status_code == 200


def test_a_search_leads_to_a_room_its_nights_and_a_booking_and_that_to_its_end(api: Program, room: Room) -> None:
    found = api.get("/rooms", **dates())
    assert follow(api, "search_rooms", "show", found, query=dates()).json["quote"]["isAvailable"]
    assert follow(api, "search_rooms", "nights", found).status_code == 200
    booked = follow(api, "search_rooms", "book", found, query=dates(), more=REST)
    assert booked.status_code == 201
    shown = follow(api, "create_booking", "show", booked)
    assert follow(api, "list_bookings", "show", api.get("/bookings")).json == shown.json
    assert follow(api, "show_booking", "cancel", shown).json["status"] == "CANCELLED"


def test_a_new_booking_leads_to_its_end(api: Program, room: Room) -> None:
    booked = follow(api, "search_rooms", "book", api.get("/rooms", **dates()), query=dates(), more=REST)
    assert follow(api, "create_booking", "cancel", booked).json["status"] == "CANCELLED"


@each("operation", sorted(LINKS))
def test_the_document_shows_the_links_beside_the_success(operation: Any) -> None:
    _, _, told = OPERATIONS[operation]
    assert [answer["links"] for answer in told["responses"].values() if "links" in answer] == [LINKS[operation]]


def follow(program: Program, operation: str, link_name: str, answer: TestResponse, **asked: Any) -> TestResponse:
    """Ask what the link says, with values of the answer and of what was asked (`sent` body, `query`)."""
    link = LINKS[operation][link_name]
    method, path, _ = OPERATIONS[link["operationId"]]
    values = {name: value(expression, answer, asked) for name, expression in link.get("parameters", {}).items()}
    headers = {name.removeprefix("header."): values.pop(name) for name in list(values) if name.startswith("header.")}
    for parameter in [known for known in values if f"{{{known}}}" in path]:
        path = path.replace(f"{{{parameter}}}", values.pop(parameter))
    body = {name: value(expression, answer, asked) for name, expression in link.get("requestBody", {}).items()}
    body |= asked.get("more", {})
    return program.ask(method, path, query_string=values, json=body or None, headers=headers)


def value(expression: str, answer: TestResponse, asked: dict[str, Any]) -> Any:
    """What a runtime expression of OpenAPI stands for."""
    source, _, rest = expression.removeprefix("$").partition("#/")
    if source.startswith("request.query."):
        return asked["query"][source.removeprefix("request.query.")]
    if source.startswith("response.header."):
        return answer.headers[source.removeprefix("response.header.")]
    found = asked["sent"] if source == "request.body" else answer.json
    for part in rest.split("/"):
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found
