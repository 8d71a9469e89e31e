"""What the documents name is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import click
import pytest
from flask import Flask

from booking import api, create_app
from booking.config import Settings
from booking.domain.inventory import NIGHTS_KEPT_DAYS
from booking.domain.maintenance import retention
from booking.domain.messages import outbox
from booking.domain.reservations import idempotency
from booking.domain.reservations.guest_register import country_rules
from booking.infra import provider, sent_mails
from tests.cases import each

HOME = Path(__file__).parents[1]
PAGES = [
    *(HOME / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted((HOME / "docs").rglob("*.md")),
]
PATH = re.compile(r"`(?:(?:GET|POST|PUT|PATCH|DELETE) )?(/[^\s`]*)`")
FOLDERS = ("/backups", "/dev/", "/etc/", "/proc/", "/receiving", "/srv", "/tmp", "/usr/", "/var/")  # of a machine
SPAN = re.compile(r"`([^`]+)`")
BLOCK = re.compile(r"^    (.+)$", re.MULTILINE)
FILE = re.compile(r"^[\w.*/-]+\.(?:py|md|sh|cfg|yaml|yml|toml|in|txt)$|^[\w.-]+/[\w./-]*$")
PLACES = ("", "booking/", "booking/domain/", "booking/infra/", "migrations/")  # where a path may begin
NAME = re.compile(r"^(?:([a-z_]+)\.)?([a-z_]\w+)(?:\(\))?$")
SETTING = re.compile(r"^([A-Z][A-Z\d]*_[A-Z\d_]+)(?:=\S*)?$")


def page_name(page: Path) -> str:
    return str(page.relative_to(HOME))


def named() -> list[tuple[str, str]]:
    """(page, path) of every address of ours that a page names."""
    return [
        (page_name(page), path)
        for page in PAGES
        for path in PATH.findall(page.read_text())
        if not path.startswith(FOLDERS)
    ]


@pytest.fixture(scope="module")
def unconnected() -> Flask:
    return create_app(Settings.unconnected())


@pytest.fixture(scope="module")
def answered(unconnected: Flask) -> set[str]:
    """Every path that something answers to, and those it lies below."""
    paths = {rule.rule for rule in unconnected.url_map.iter_rules()}
    below = paths | {path[: end.start()] for path in paths for end in re.finditer("/", path)}
    return below | {re.sub(r"<(?:\w+:)?\w+_(id)>", r"{\1}", path) for path in below}


def test_the_documents_name_some_addresses() -> None:
    assert len(named()) >= 5


@each(("page", "path"), named())
def test_every_address_that_a_document_names_is_one_of_ours(answered: set[str], page: str, path: str) -> None:
    bare = path.partition("?")[0]
    whole = re.sub(r"^/api(?!/v\d)", api.PREFIX, bare)  # /api is another name of /api/v1
    assert {whole, f"{api.PREFIX}{bare}"} & answered


@pytest.mark.parametrize("document", ["README.md", "booking/templates/api/docs.html"])
def test_every_test_card_that_behaves_in_its_own_way_is_named(document: str) -> None:
    special = {*provider.DECLINING, provider.SLOW, provider.REFUND_DECLINED, provider.REFUND_SLOW}
    assert special <= set(re.findall(r"pm_card_[a-z_]+", (HOME / document).read_text()))


# --- files and names


def spans(page: Path) -> list[str]:
    """What a page writes as code inside its sentences."""
    return [" ".join(span.split()) for span in SPAN.findall(page.read_text())]


@each("page", [page_name(page) for page in PAGES])
def test_every_link_and_file_that_a_document_names_is_there(page: str) -> None:
    text = (HOME / page).read_text()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    missing = [link for link in links if link and not ((HOME / page).parent / link).exists()]
    files = [span for span in spans(HOME / page) if FILE.match(span) and not span.startswith("var/")]
    assert not missing + [file for file in files if not is_there(file)]


def is_there(file: str) -> bool:
    """As it is written, below one of PLACES, or a bare name anywhere."""
    if any(next(HOME.glob(f"{place}{file}".rstrip("/")), None) for place in PLACES):
        return True
    return "/" not in file and bool(next((HOME / "booking").rglob(file), None))


@cache
def sources(module: str) -> tuple[str, ...]:
    """The texts of the modules and front doors that may be meant by a name."""
    found = [*(HOME / "booking").rglob(f"{module}.py"), *(HOME / "booking").rglob(f"{module}/__init__.py")]
    return tuple(path.read_text() for path in found)


@cache
def all_sources() -> str:
    return "\n".join(path.read_text() for path in (HOME / "booking").rglob("*.py"))


def test_every_verb_that_the_architecture_names_is_where_it_says() -> None:
    wrong = []
    for span in spans(HOME / "docs" / "architecture.md"):
        name = NAME.match(span)
        if not name or FILE.match(span) or span in ALSO:
            continue
        module, verb = name.groups()
        if module in SUBJECTS:
            found = hasattr(import_module(f"booking.domain.{module}"), verb)
        else:
            whole = sources(module) if module else (all_sources(),)
            found = any(re.search(rf"\b{verb}\b", text) for text in whole)
        wrong += [] if found else [span]
    assert not wrong


SUBJECTS = {path.parent.name for path in (HOME / "booking" / "domain").glob("*/__init__.py")}
# A column, an event, and what migrations have.
ALSO = {"users.role", "bookings.kept", "booking.confirmed", "bookings_order", "payments_order", "debt_id"}


# --- commands


def commands() -> Iterator[tuple[str, list[str]]]:
    """(page, words) of every `flask ...` and `make ...` that a page names."""
    for page in PAGES:
        for line in [*spans(page), *BLOCK.findall(page.read_text())]:
            begins = re.search(r"(?:^|[\s/])((?:flask|make) [a-z].*)", line.partition("   ")[0].partition(" # ")[0])
            if begins:
                yield page_name(page), shlex.split(begins[1].partition(" < ")[0])


def test_every_flask_command_that_a_document_names_exists_with_its_options(unconnected: Flask) -> None:
    asked = [(page, words[1:]) for page, words in commands() if words[0] == "flask"]
    assert len(asked) > 40
    assert not [f"{page}: flask {' '.join(words)}" for page, words in asked if not _is_known(unconnected, words)]


def _is_known(app: Flask, words: list[str]) -> bool:
    group: click.Command | None = app.cli
    while isinstance(group, click.Group) and words and not words[0].startswith("-"):
        group, words = group.get_command(click.Context(group), words[0]), words[1:]
    if group is None:
        return False
    known = {option for parameter in group.params for option in parameter.opts} | {"--help"}
    return {word.partition("=")[0] for word in words if re.match("--?[a-z]", word)} <= known


def test_every_make_target_that_a_document_names_exists_with_its_options() -> None:
    makefile = (HOME / "Makefile").read_text()
    recipes = dict(re.findall(r"^([a-z-]+):(?!=).*\n((?:\t.*\n)*)", makefile, re.MULTILINE))
    asked = [(page, words[1:]) for page, words in commands() if words[0] == "make"]
    assert len(asked) > 20
    wrong = []
    for page, (target, *given) in asked:
        programme = re.search(r"-m ((?:bench|tests)[\w.]*)", recipes.get(target, ""))
        options = re.findall(r"--[a-z-]+", " ".join(given)) if programme else []
        unknown = [option for option in options if programme and not _takes(programme[1], option)]
        wrong += [f"{page}: make {target} {unknown}"] if unknown or target not in recipes else []
    assert not wrong


def _takes(programme: str, option: str) -> bool:
    """Options are written out, or named by the fields of a dataclass."""
    path = HOME / programme.replace(".", "/")
    files = path.glob("*.py") if path.is_dir() else [path.with_suffix(".py")]
    word = option.removeprefix("--").replace("-", "_")
    return any(re.search(rf"{option}\b|^    {word}:", file.read_text(), re.MULTILINE) for file in files)


# --- settings and periods


def test_every_setting_that_a_document_names_is_read_by_somebody() -> None:
    places = (".env.example", "compose.yaml", "Dockerfile", "Procfile", "Makefile", "deploy/compose/secrets.sh")
    known = set(re.findall(r"\b[A-Z][A-Z\d_]+\b", "\n".join((HOME / place).read_text() for place in places)))
    codes = set(re.findall(r'"([A-Z][A-Z_]+)"', all_sources()))
    constants = set(re.findall(r"^ *([A-Z][A-Z_]+)\b(?:: [^=]+)? = ", all_sources(), re.MULTILINE))
    names = {(page_name(page), found[1]) for page in PAGES for span in spans(page) if (found := SETTING.match(span))}
    assert not {(page, name) for page, name in names if name not in known | codes | constants | {"RESERVE_WAL"}}


def test_the_readme_names_every_setting_that_compose_takes_from_env() -> None:
    variables = set(re.findall(r"\$\{(\w+):-", (HOME / "compose.yaml").read_text()))
    assert variables <= set(spans(HOME / "README.md"))


@each(
    ("what", "kept"),
    [
        ("expired bookings that nobody tried to pay, with their orders", retention.EXPIRED_BOOKINGS.days),
        ("nights that are over, and blocks", NIGHTS_KEPT_DAYS),
        ("events and deliveries", outbox.KEPT.days),
        ("events and deliveries", outbox.GIVEN_UP_KEPT.days),
        ("idempotency keys", idempotency.KEPT_FOR.total_seconds() / 3600),
        ("sessions", retention.SIGN_INS.days),
        ("password resets, email verifications", retention.LINKS.days),
        ("security events, with addresses", Settings.unconnected().security_events_days),
        ("contacts of guests without an account", Settings.unconnected().guest_contact_days),
        ("guest registers, encrypted", max(country_rules.days_kept().values())),
        ("contacts of guests without an account", retention.GUESTS.days),
        ("declined and cancelled charges of the simulated ledger", retention.UNMOVED_MONEY.days),
        ("email files in `MAIL_DIR`", sent_mails.KEPT.days),
    ],
)
def test_operators_read_how_long_something_is_kept(what: str, kept: float) -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (.+) \|$", (HOME / "docs" / "operating.md").read_text(), re.MULTILINE))
    assert re.search(rf"\b{kept:.0f}\b", rows[what])
