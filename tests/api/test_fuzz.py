"""Whatever is sent, right or wrong, to whichever endpoint: the answer is one that the document promises.

API_EXAMPLES asks for more examples per operation (20 in CI), for a long run by hand.
"""

from __future__ import annotations

import contextvars
import copy
import os
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from booking.api.docs import document
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.api.program import Program, dates, program_of
from tests.cast import person

pytestmark = pytest.mark.slow
EXAMPLES = int(os.environ.get("API_EXAMPLES", "20"))
KEPT = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.use_after_free,
]


schema = schemathesis.openapi.from_dict(copy.deepcopy(document("fuzzed")))


@pytest.fixture
def fuzzer(application: Flask, standing: tuple[Program, Room]) -> Program:
    """Alice with a session that an example may end."""
    with application.app_context():
        return program_of(application, person("alice"))


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_a_documented_one(
    application: Flask, case: Any, fuzzer: Program, standing: tuple[Program, Room]
) -> None:
    _, room = standing
    if "roomId" in (case.path_parameters or {}) and len(case.path_parameters["roomId"]) % 2:
        case.path_parameters["roomId"] = encode("room", room.id)  # a room that exists, as often as not
    headers = {"Authorization": f"Bearer {fuzzer.token}"} if case.operation.definition.raw["security"] else {}
    # What a query does not know is ignored; in a body it is at least the known fields that have to be right.
    strict = [checks.negative_data_rejection] if len(case.operation.body) else []
    contextvars.Context().run(case.call_and_validate, app=application, headers=headers, checks=KEPT + strict)


def test_the_answers_of_a_whole_story_are_documented_ones(api: Program, room: Room) -> None:
    """Program checks each of them; here they come in the order in which a guest meets them."""
    path = f"/rooms/{encode('room', room.id)}"
    for answer in (api.get("/rooms", **dates()), api.get(path, **dates()), api.get(f"{path}/availability")):
        assert answer.status_code == 200
