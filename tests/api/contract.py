"""Holds an answer to the OpenAPI document: the status is documented, the body has exactly the documented form."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from booking.api.docs import document

# The pages that show the contract are no part of it.
OUTSIDE = {"/openapi.json", "/docs"}


def check(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """Fail where the answer is not what the document promises."""
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answer.headers["X-Request-Id"])
    operation = find(app.config["VERSION"], method, path)
    if operation is None:
        if path.startswith("/api/") and answer.status_code >= 400:
            _conforms(app.config["VERSION"], {"$ref": "#/components/schemas/Refusal"}, answer)
        return
    told = operation["responses"]
    # The same for all of them stands under "default"; nothing else may hide there.
    documented = told.get("default") if answer.status_code == 500 else told.get(str(answer.status_code))
    assert documented, f"{method} {path}: {answer.status_code} is not documented ({answer.text[:200]})"
    content = documented.get("content")
    if content is None:
        assert answer.data == b""
        return
    _conforms(app.config["VERSION"], content["application/json"]["schema"], answer)


@cache
def find(version: str, method: str, path: str) -> dict[str, Any] | None:
    """The operation that answers, None for what is not in the document."""
    below = re.sub(r"^/api(/v1)?(?=/)", "", path).partition("?")[0]
    for template, methods in document(version)["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, below):
            found: dict[str, Any] | None = methods.get(method.lower())
            return found
    return None


def _conforms(version: str, schema: dict[str, Any], answer: TestResponse) -> None:
    assert answer.mimetype == "application/json"
    problems = [
        f"{error.json_path}: {error.message}" for error in _validator(version, schema["$ref"]).iter_errors(answer.json)
    ]
    assert not problems, f"{answer.request.path}: {problems}"


@cache
def _validator(version: str, reference: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"urn:api{reference}"}, registry=_registry(version), format_checker=FormatChecker()
    )


@cache
def _registry(version: str) -> Registry:
    closed = _closed(document(version))
    resource = Resource(contents=closed, specification=DRAFT202012)  # type: ignore[call-arg]  # attrs renames them
    registry: Registry[Any] = Registry().with_resource("urn:api", resource)
    return registry


def _closed(schema: Any) -> Any:
    """The same schemas, but no property may come that they do not name."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {name: _closed(part) for name, part in schema.items()}
    if "properties" in parts and parts.get("type") == "object":
        parts.setdefault("additionalProperties", False)
    return parts
