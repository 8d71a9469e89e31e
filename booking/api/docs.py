"""The OpenAPI document, made from the declarations of the endpoints, and a page that shows it without JavaScript."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from flask import Response, current_app, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from booking.api import texts
from booking.api.endpoint import IF_NONE_MATCH, OPERATIONS, MalformedJson, Operation, blueprint, json_response
from booking.api.links import LINKS
from booking.api.refusal_schemas import Refusal
from booking.domain import errors
from booking.domain.system import UnderMaintenance
from booking.http import words
from booking.http.error_rendering import status_of
from booking.infra import clock

REF = "#/components/schemas/{model}"
PARAMETER = re.compile(r"<(\w+)>")
RETRY = {"Retry-After": "Seconds to wait before trying again."}
OTHERWISE = {
    "description": "Any other error. 500 INTERNAL_ERROR gives the request id and nothing else.",
    "content": {"application/json": {"schema": {"$ref": REF.format(model="Refusal")}}},
}
ABOUT = """Find a room, book it, manage the booking. No night is ever sold twice.

Every response carries `X-Request-Id`. All errors have the same shape: a code, a message, and the fields that are wrong.
Names that an endpoint does not know, in a body or a query string, are ignored.
Addresses or headers that are too long get a 414 or 431 from the web server itself, without a body."""


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The contract, for programs."""
    return json_response(_text(current_app.config["VERSION"]), 200)


@blueprint.get("/docs")
def documentation() -> str:
    """The contract, for people."""
    arrival = clock.today("UTC") + dt.timedelta(days=30)  # examples that can be tried
    return render_template(
        "api/docs.html",
        document=document(current_app.config["VERSION"]),
        arrival=arrival,
        departure=arrival + dt.timedelta(days=3),
    )


@cache
def _text(version: str) -> str:
    return json.dumps(document(version))


@cache
def document(version: str) -> dict[str, Any]:
    """The whole contract as OpenAPI 3.1."""
    bodies, schemas = models_json_schema(list(_models()), by_alias=True, ref_template=REF)
    refs = {model: schema for (model, _), schema in bodies.items()}
    texts.explain(schemas["$defs"])
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        path = PARAMETER.sub(lambda found: "{" + _camel(found[1]) + "}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Room Booking API",
            "version": version,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/api/v1"}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _models() -> Iterator[tuple[type[BaseModel], Any]]:
    yield Refusal, "validation"  # its serializer, which leaves out what is empty, hides the fields
    for operation in OPERATIONS:
        if operation.body:
            yield operation.body, "validation"
        if operation.schema:
            yield operation.schema, "serialization"


def _operation(operation: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary.partition(".")[0] + ".",
        "description": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_header_parameters(operation)],
        "responses": _responses(operation, refs),
        "security": [] if operation.public else [{"bearer": []}],
    }
    if operation.body:
        fields = operation.body.model_json_schema(by_alias=True)["properties"]
        example = {name: texts.of(operation.body.__name__, name)[1] for name in fields}
        content = {"schema": refs[operation.body], "example": example}
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in PARAMETER.findall(operation.path):
        yield _parameter(operation, "path", _camel(name), {"type": "string"}, required=True)


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.query:
        schema = operation.query.model_json_schema(by_alias=True)
        required = schema.get("required", [])
        for name, described in schema["properties"].items():
            yield _parameter(operation, "query", name, _as_text(described), required=name in required)


def _as_text(schema: dict[str, Any]) -> dict[str, Any]:
    """A query string knows no null: what may be left out is left out."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "title") and value is not None}
    return {**rest, **kinds[0]} if "anyOf" in schema else rest


def _header_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in operation.headers:
        yield _parameter(operation, "header", name, {"type": "string"}, required=False)


def _parameter(
    operation: Operation, where: str, name: str, schema: dict[str, Any], *, required: bool
) -> dict[str, Any]:
    text, example = texts.of(f"{operation.method.lower()}_{operation.path.rpartition('/')[2]}", name)
    texts.named_choices(schema)
    described = {"description": text, "example": example}
    return {"in": where, "name": name, "required": required, "schema": schema, **described}


def _responses(operation: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    told = {str(operation.status): _success(operation, refs), **_refusals(operation, refs)}
    if IF_NONE_MATCH in operation.headers:
        told["304"] = {"description": "Not modified.", "headers": _headers(operation.answer_headers)}
    return {**dict(sorted(told.items())), "default": OTHERWISE}


def _success(operation: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Done."}
    if operation.schema:
        answer["content"] = {"application/json": {"schema": refs[operation.schema]}}
    if operation.answer_headers:
        answer["headers"] = _headers(operation.answer_headers)
    if operation.name in LINKS:
        answer["links"] = LINKS[operation.name]
    return answer


def _refusals(operation: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    """Every refusal by status: what the endpoint names, and what any endpoint of its kind may answer."""
    by_status: dict[int, list[str]] = {}
    for refusal in (*operation.refusals, *_usual(operation)):
        by_status.setdefault(status_of(refusal()), []).append(f"{refusal.code}: {words.message(refusal())}")
    if operation.body:
        by_status[413] = [": ".join(words.of_status(413))]
        by_status[415] = [": ".join(words.of_status(415))]
    if operation.limited:
        by_status[429] = [": ".join(words.of_status(429))]
    told = {status: _refusal(status, by_status[status]) for status in sorted(by_status)}
    for status, schema in operation.also.items():
        told[status]["content"] = {"application/json": {"schema": refs[schema]}}
    return {str(status): answer for status, answer in told.items()}


def _usual(operation: Operation) -> Iterator[type[errors.BookingError]]:
    if not operation.public:
        yield errors.Unauthorized
    if operation.query or operation.body or operation.headers:
        yield errors.Invalid
    if operation.body:
        yield MalformedJson
    yield errors.Unavailable
    if operation.rests_under_maintenance:
        yield UnderMaintenance


def _refusal(status: int, lines: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": "; ".join(dict.fromkeys(lines)),
        "content": {"application/json": {"schema": {"$ref": REF.format(model="Refusal")}}},
    }
    if status in {429, 503}:
        answer["headers"] = _headers(RETRY)
    return answer


def _headers(described: dict[str, str]) -> dict[str, Any]:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in described.items()}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)
