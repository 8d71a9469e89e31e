"""Somebody with a browser, without a script: follows links, fills in the forms that stand on the page."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from booking.domain.people import sessions
from booking.domain.tables import User
from booking.infra.ids import encode
from booking.pages import signed_in
from tests.cast import PASSWORD


class Browser(FlaskClient):
    """Every request has a context of its own, as in the server; tests have one pushed for calling use-cases."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return Context().run(super().open, *args, **kwargs)


class Visitor:
    """`page` is what they look at now."""

    def __init__(self, app: Flask) -> None:
        self.client = Browser(app, app.response_class)
        self.response: TestResponse | None = None
        self._parsed: tuple[TestResponse, BeautifulSoup] | None = None
        self.url = "/"

    # --- going

    def go(self, url: str, **headers: str) -> Visitor:
        return self._look(url, self.client.get(url, headers=headers))

    def send(self, action: str, fields: Mapping[str, object] | None = None, /, **typed: object) -> Visitor:
        """Fill in the form with this action, as it stands on the page, and send it."""
        return self._send(self.form(action), action, fields, **typed)

    def press(self, name: str, /, **typed: object) -> Visitor:
        """Fill in the form of the button of this name, and press that: it may have an address of its own."""
        [button] = [one for one in self.page.select("main button") if one.get_text(strip=True) == name]
        form = self.page.find("form", id=str(button["form"])) if "form" in button.attrs else button.find_parent("form")
        assert isinstance(form, Tag), f"{name} sends no form"
        return self._send(form, str(button.get("formaction", form["action"])), None, **typed)

    def _send(self, form: Tag, action: str, fields: Mapping[str, object] | None, **typed: object) -> Visitor:
        shown = [field for field in form.select("input[name]") if _sent(field)]
        values: dict[str, Any] = {}
        for field in shown:
            values.setdefault(str(field["name"]), []).append(str(field.get("value", "")))
        filled = {**(fields or {}), **typed}
        values |= {
            str(name): value if isinstance(value, (tuple, list)) else str(value) for name, value in filled.items()
        }
        headers = {"Referer": f"http://localhost{self.url}", "Origin": "http://localhost"}
        return self._look(action, self.client.post(action, data=values, headers=headers))

    def post(self, url: str, **fields: object) -> Visitor:
        """Something that no form of ours sent: without its token."""
        return self._look(url, self.client.post(url, data=fields))

    def sign_in(self, name: str, url: str = "/sign-in") -> Visitor:
        return self.go(url).send("/sign-in", email=f"{name}@example.com", password=PASSWORD)

    def signed_in(self, user: User) -> Visitor:
        """Has signed in before: in a tenth of the time that the page and its form take."""
        with self.client.session_transaction() as cookie:
            cookie.permanent = True
            cookie[signed_in.SESSION] = encode("session", sessions.start_web(user.id).session_id)
            cookie[signed_in.USER] = encode("user", user.id)
        return self

    def copy(self) -> FlaskClient:
        """Another program with the same cookie."""
        other = Browser(self.client.application, self.client.application.response_class)
        other.set_cookie("session", self.client.get_cookie("session").value)
        return other

    # --- looking

    @property
    def status(self) -> int:
        assert self.response is not None
        return self.response.status_code

    @property
    def headers(self) -> Headers:
        assert self.response is not None
        return self.response.headers

    @property
    def page(self) -> BeautifulSoup:
        assert self.response is not None
        if self._parsed is None or self._parsed[0] is not self.response:  # parsing takes longer than the page took
            self._parsed = self.response, BeautifulSoup(self.response.text, "html.parser")
        return self._parsed[1]

    @property
    def text(self) -> str:
        return " ".join(self.page.get_text(" ").split())

    @property
    def heading(self) -> str:
        return " ".join(heading.get_text(" ", strip=True) for heading in self.page.select("h1:not([hidden] h1)")[:1])

    @property
    def problems(self) -> list[str]:
        return [item.get_text(" ", strip=True) for item in self.page.select(".errors li")]

    def form(self, action: str) -> Tag:
        form = self.page.find("form", action=action, method="post")
        assert isinstance(form, Tag), f"no form for {action} on {self.url}: {self.text[:400]}"
        return form

    def token(self) -> str:
        """What proves that a form is of this page."""
        [field, *_] = self.page.select("[name=csrf_token]")
        return str(field["value"])

    def links(self) -> list[str]:
        return [str(link["href"]) for link in self.page.select("a[href]")]

    def _look(self, url: str, response: TestResponse) -> Visitor:
        """Redirects are followed one by one, as a browser does, until one leads to another site."""
        hops = 0
        while response.status_code in (302, 303):
            url = response.headers["Location"]
            if urlsplit(url).hostname not in {None, "localhost"}:
                break
            response = self.client.get(url)
            hops += 1
            assert hops < 6, url
        self.url, self.response = url, response
        return self


def _sent(field: Tag) -> bool:
    return field.get("type") not in {"radio", "checkbox"} or field.has_attr("checked")
