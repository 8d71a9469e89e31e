"""Requests that broke something once, each in the shortest form that did."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking.config import Settings
from booking.domain.people import passwords
from booking.http import request_body, requests
from tests.cases import each

LOGIN = "/api/v1/auth/login"


@each("path", ["/", "/rooms", "/sign-in", "/api/v1/health", "/nothing"])
@each("host", ["", "a b", "a,b", "\xff", '"<'])
def test_a_host_that_is_none_is_refused(client: FlaskClient, path: str, host: str) -> None:
    assert client.get(path, environ_overrides={"HTTP_HOST": host}).status_code == 400


def test_before_http_1_1_nobody_has_to_name_the_host(client: FlaskClient) -> None:
    answer = client.get("/api/v1/health", environ_overrides={"HTTP_HOST": "", "SERVER_PROTOCOL": "HTTP/1.0"})
    assert answer.status_code == 200


@each("path", ["/sign-in", "/register", "/forgot-password"])
def test_a_part_of_a_form_without_a_name_is_refused(client: FlaskClient, path: str) -> None:
    nameless = b"--x\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n--x--\r\n"
    answer = client.post(path, data=nameless, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 400


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], None]]:
    """Make some bodies of an address be on their way, and stay so."""
    monkeypatch.setattr(request_body, "PATIENCE", 0.01)
    monkeypatch.setattr(request_body._places, "at_once", 6)
    monkeypatch.setattr(request_body._places, "of_one_address", 3)
    taken: list[str] = []

    def begin(address: str, number: int) -> None:
        for _ in range(number):
            request_body._places.take(address)
            taken.append(address)

    yield begin
    for address in taken:
        request_body._places.give_back(address)
    assert request_body._places._taken.total() == len(request_body._places._taken) == 0


def test_bodies_that_do_not_come_leave_threads_for_everybody_without_one(
    client: FlaskClient, silent: Callable[[str, int], None]
) -> None:
    for number in range(request_body._places.at_once):
        silent(f"192.0.2.{number}", 1)
    refused = client.post(LOGIN, json={})
    assert (refused.status_code, refused.json["error"]) == (503, "UNAVAILABLE")  # type: ignore[index]
    assert "Retry-After" in refused.headers
    assert client.get("/api/v1/health").status_code == 200


@each(("threads", "at_once", "of_one_address"), [(8, 6, 3), (16, 14, 7), (4, 2, 1), (1, 1, 1)])
def test_bodies_take_all_threads_but_two_and_one_address_half_of_them(
    monkeypatch: pytest.MonkeyPatch, threads: int, at_once: int, of_one_address: int
) -> None:
    monkeypatch.setattr(request_body, "_places", request_body._Places(threads=8))
    requests.install(Flask("bodies"), replace(Settings.unconnected(), granian_blocking_threads=threads))
    places = request_body._places
    assert (places.at_once, places.of_one_address) == (at_once, of_one_address)


def test_one_address_cannot_take_the_places_of_all_others(
    client: FlaskClient, silent: Callable[[str, int], None]
) -> None:
    silent("192.0.2.1", request_body._places.of_one_address)
    theirs, others = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "192.0.2.2"}
    assert client.post(LOGIN, json={}, environ_overrides=theirs).status_code == 503
    assert client.post(LOGIN, json={}, environ_overrides=others).status_code == 400


def test_a_body_that_breaks_off_gives_its_place_back(client: FlaskClient) -> None:
    for _ in range(request_body._places.at_once + 1):
        broken = {"wsgi.input": io.BytesIO(b"{"), "CONTENT_LENGTH": "99", "CONTENT_TYPE": "application/json"}
        assert client.post(LOGIN, environ_overrides=broken).status_code == 400


def test_passwords_are_hashed_in_two_threads_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Malloc keeps what a hash took for every thread that has ever made one."""
    used = set()

    class Hasher:
        def hash(self, password: Any) -> Any:
            used.add(threading.current_thread().name)
            return f"hash of {password}"

    monkeypatch.setattr(passwords, "_hasher", Hasher())
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(passwords.hashed, "abcd" * 8)) == [f"hash of {letter}" for letter in "abcd" * 8]
    assert used <= {"hashing_0", "hashing_1"}
