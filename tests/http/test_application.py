"""What our Flask does otherwise than Flask."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.templating import Environment

from booking.http.application import Application


def test_a_page_that_all_threads_are_asked_for_at_once_is_compiled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base.html").write_text("a {% block middle %}{% endblock %} page")
    (tmp_path / "page.html").write_text("{% extends 'base.html' %}{% block middle %}whole{% endblock %}")
    app, compiled, threads = Application("booking"), list[str](), 8
    app.template_folder = str(tmp_path)
    compile_template, all_here = Environment.compile, threading.Barrier(threads)

    def slowly(self: Environment, source: str, name: str) -> object:
        compiled.append(name)
        time.sleep(0.05)  # long enough for the others to come
        return compile_template(self, source, name)

    monkeypatch.setattr(Environment, "compile", lambda self, source, name, _: slowly(self, source, name))

    def visit(_: int) -> str:
        all_here.wait(5)
        return app.jinja_env.get_template("page.html").render()

    assert app.jinja_env  # Flask makes it when it is first wanted
    with ThreadPoolExecutor(threads) as visitors:
        assert set(visitors.map(visit, range(threads))) == {"a whole page"}
    assert compiled == ["page.html", "base.html"]
