"""One declaration per endpoint: what comes in, what goes out, who may ask. The OpenAPI document reads the same.

Our own, because bodies have to be validated strictly and query strings leniently by one model, broken JSON has its
own answer, and the schema of a query is not to be rebuilt at every request: flask-openapi could do none of the three.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, request
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType

from booking.api import identity
from booking.domain import errors, system
from booking.domain.errors import BookingError, Invalid
from booking.domain.inputs import Input, accept
from booking.domain.people import CurrentUser
from booking.http import limits
from booking.infra.cache import reading_ahead
from booking.infra.ids import decode

blueprint = Blueprint("api", __name__)


class MalformedJson(Invalid):
    code = "MALFORMED_JSON"


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint as it is declared."""

    name: str
    method: str
    path: str
    summary: str
    tag: str
    status: int
    schema: type[BaseModel] | None
    body: type[Input] | None
    query: type[Input] | None
    refusals: tuple[type[BookingError], ...]
    public: bool
    limited: bool
    books: bool
    headers: dict[str, str]
    answer_headers: dict[str, str]
    also: dict[int, type[BaseModel]]
    ahead: Callable[[Any], tuple[str, ...]] | None

    @property
    def rests_under_maintenance(self) -> bool:
        """Whether it is refused meanwhile: what changes something, but for signing in, refreshing and signing out."""
        return self.method != "GET" and (self.tag != "Accounts" or self.path == "/auth/register")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with headers beside it."""

    body: BaseModel
    headers: dict[str, str]


IF_NONE_MATCH = "If-None-Match"  # an endpoint that declares it answers 304 as well

NOT_FOUND = {"room": errors.RoomNotFound, "booking": errors.BookingNotFound, "order": errors.OrderNotFound}

JSON_HEADERS = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]

OPERATIONS: list[Operation] = []
View = Callable[..., Any]


def endpoint(
    method: str,
    path: str,
    *,
    tag: str,
    schema: type[BaseModel] | None = None,
    status: int = 200,
    body: type[Input] | None = None,
    query: type[Input] | None = None,
    refusals: tuple[type[BookingError], ...] = (),
    public: bool = False,
    limited: bool = True,
    books: bool = False,
    headers: dict[str, str] | None = None,
    answer_headers: dict[str, str] | None = None,
    also: dict[int, type[BaseModel]] | None = None,
    ahead: Callable[[Any], tuple[str, ...]] | None = None,
) -> Callable[[View], View]:
    """Declare a view. It gets `body`, `query`, `user` (unless public) and ids from the path, and answers as `schema`.

    `also` names the schemas of other statuses that are no refusals, `ahead` what a right query will ask the cache for.
    """

    def declare(view: View) -> View:
        name, summary = view.__name__, (view.__doc__ or "").strip()
        operation = Operation(
            name=name,
            method=method,
            path=path,
            summary=summary,
            tag=tag,
            status=status,
            schema=schema,
            body=body,
            query=query,
            refusals=refusals,
            public=public,
            limited=limited,
            books=books,
            headers=headers or {},
            answer_headers=answer_headers or {},
            also=also or {},
            ahead=ahead,
        )
        OPERATIONS.append(operation)

        def answer(**ids: str) -> Response:
            return _answer(operation, view, ids)

        blueprint.add_url_rule(path, name, answer, methods=[method])
        return answer

    return declare


def json_response(text: bytes | str, status: int, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; nothing of it may be kept by anybody in between."""
    response = Response(text, status, JSON_HEADERS)
    if headers:
        response.headers.update(headers)
    return response


def to_json(body: BaseModel) -> bytes:
    """The bytes of an answer, camelCase."""
    return body.__pydantic_serializer__.to_json(body, by_alias=True)


def _answer(operation: Operation, view: View, ids: dict[str, str]) -> Response:
    if operation.rests_under_maintenance:
        system.refuse_under_maintenance()
    query = _early(operation)
    with reading_ahead(operation.ahead(query) if operation.ahead and query else ()):
        given: dict[str, Any] = {}
        if not operation.public:
            given["user"] = _caller(operation)
        elif operation.limited:
            limits.count_public()
        given |= _path_ids(ids)
        if operation.query:
            given["query"] = query or accept(operation.query, _query(), strict=False)
        if operation.body:
            given["body"] = accept(operation.body, _json_body(), strict=True)
        return _response(operation, view(**given))


def _caller(operation: Operation) -> CurrentUser:
    """Who asks, counted; a refusal of who they are comes before one of how often they ask."""
    bearer = identity.of_request()
    if not operation.limited:
        g.user = user = identity.user_of(bearer)
        return user
    with limits.expected(bearer.user_id, books=operation.books):
        g.user = user = identity.user_of(bearer)
        limits.count(public=False, books=operation.books)
    return user


def _early(operation: Operation) -> Input | None:
    """The query where it is right. What is wrong with it is said in its turn: first to those who may ask at all."""
    try:
        return accept(operation.query, _query(), strict=False) if operation.query else None
    except Invalid:
        return None


def _response(operation: Operation, result: Any) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status=operation.status)
    reply = result if isinstance(result, Reply) else Reply(result, {})
    return json_response(to_json(reply.body), operation.status, reply.headers)


def _path_ids(ids: dict[str, str]) -> dict[str, Any]:
    """`room_id` in the path is a TypeID of the kind "room"; one that is none is not found."""
    decoded: dict[str, Any] = {}
    for name, text in ids.items():
        kind = name.removesuffix("_id")
        decoded[name] = decode(kind, text)
        if decoded[name] is None:
            raise NOT_FOUND[kind]
    return decoded


def _query() -> dict[str, Any]:
    """The query string; a parameter that comes several times is a list."""
    return {name: values[0] if len(values) == 1 else values for name, values in request.args.lists()}


def _json_body() -> object:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        return json.loads(request.get_data().decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise MalformedJson from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
