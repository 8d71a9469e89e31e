"""Whatever people are called and wherever the site is: our headers, and names as they were typed."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from booking.config import Settings
from booking.config_values import split_sender
from booking.domain.people.email_verification import Addressee
from booking.domain.people.password_resets import ResetNotice
from booking.infra.domains import ascii_domain, ascii_url, origin_of
from booking.infra.mail import Undeliverable, send
from booking.infra.mail_headers import one_line, sender_of
from booking.jobs import password_mails
from booking.jobs.mails import CANCELLATION, CONFIRMATION, compose, publisher
from tests.cases import each
from tests.jobs.conftest import MailServer
from tests.jobs.stories import CANCELLED_NOTICE, NOTICE, SETTINGS, letter
from tests.quick import first_quick
from tests.test_settings import GOOD, refusal

Start = Callable[..., MailServer]
ATTACK = "=?utf-8?q?x=0D=0ASubject:_You_won=0D=0A=0D=0AClaim:_here?="
OURS = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]

encoded_words = st.builds(
    "=?{}?{}?{}?=".format,
    st.sampled_from(["utf-8", "us-ascii", "utf-16", "unknown", ""]),
    st.sampled_from("qQbBx"),
    st.sampled_from(["x=0D=0ABcc:_a@b", "eA0KU3ViamVjdDogeA==", "_", "", "=41", "é"]),
)
names = st.lists(
    encoded_words
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.sampled_from(['"', "\\", ",", "<a@b>", "\r\nBcc: x@y", "\r\n\r\nbody", ": ", " ", "=?", "?="]),
    min_size=1,
    max_size=5,
).map("".join)


def raw_headers(message: bytes) -> list[tuple[str, str]]:
    """What stands before the first empty line, unfolded: as a program that knows nothing but RFC 5322 reads it."""
    head = message.partition(b"\r\n\r\n")[0].decode("ascii")
    lines = re.sub(r"\r\n[ \t]", " ", head).split("\r\n")
    return [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]


def shown(raw: str) -> str:
    """What a mail program shows: encoded words decoded once, quotes taken off."""
    if raw.startswith('"'):
        raw = re.sub(r"\\(.)", r"\1", raw.rpartition('"')[0][1:])
    return " ".join(str(make_header(decode_header(raw))).split())


def mails_to(name: str, sender: str) -> list[bytes]:
    """Every kind of mail, with this name wherever a name can stand."""
    site = replace(SETTINGS, mail_from=sender, site_name=name)
    notice, gone = (replace(one, guest_name=name, room=name, property=name) for one in (NOTICE, CANCELLED_NOTICE))
    reset = ResetNotice(NOTICE.booking_id, Addressee("dana@example.com", name))
    return [
        compose(notice, letter(CONFIRMATION), site).as_bytes(),
        compose(gone, letter(CANCELLATION), site).as_bytes(),
        password_mails.link(reset, letter("password"), site).as_bytes(),
        password_mails.news(Addressee("dana@example.com", name), letter("password_changed"), site).as_bytes(),
    ]


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@example(name=ATTACK)
@example(name=ATTACK.replace("?q?", "?Q?"))
@example(name="=?utf-8?b?eA0KU3ViamVjdDogWW91IHdvbg==?=")
@example(name=f"Dana {ATTACK}")
@example(name='Dana "Dee" Levi, =?x?q?y?=')
@given(name=names)
def test_no_name_becomes_a_header_or_anything_but_itself(name: str) -> None:
    for mail in mails_to(name, "Rooms <rooms@stay.example>"):
        headers = raw_headers(mail)
        assert sorted(title for title, _ in headers if title != "X-Booking-Reference") == OURS
        found = dict(headers)
        assert found["From"] == "Rooms <rooms@stay.example>"
        addressed, _, address = found["To"].rpartition(" ")
        assert address == "<dana@example.com>"
        assert shown(addressed) == one_line(name)[:80].strip()
        assert one_line(name)[:30].strip() in shown(found["Subject"])
        assert len(max(mail.partition(b"\r\n\r\n")[0].split(b"\r\n"), key=len)) <= 998


def test_an_encoded_word_is_a_name_like_any_other() -> None:
    parsed = message_from_bytes(mails_to(ATTACK, "Rooms <rooms@stay.example>")[2], policy=compat32)
    assert ATTACK in str(make_header(decode_header(parsed["Subject"])))
    assert ATTACK in str(make_header(decode_header(parsed["To"])))
    assert "Claim" not in parsed.keys()  # noqa: SIM118 headers, not a dict


@pytest.mark.parametrize(
    ("typed", "name", "address"),
    first_quick(
        [
            ("Hotel Post, Wien <info@post.example>", "Hotel Post, Wien", "info@post.example"),
            ('"Hotel Post, Wien" <info@post.example>', "Hotel Post, Wien", "info@post.example"),
            (r'"The \"Post\"" <info@post.example>', 'The "Post"', "info@post.example"),
            ("Hotel: Post; (Wien) <info@post.example>", "Hotel: Post; (Wien)", "info@post.example"),
            ("Gästehaus @ Straße <info@straße.example>", "Gästehaus @ Straße", "info@xn--strae-oqa.example"),
            (ATTACK + " <info@post.example>", ATTACK, "info@post.example"),
            ("info@post.example", "", "info@post.example"),
            ("<info@post.example>", "", "info@post.example"),
        ]
    ),
)
def test_the_sender_is_who_the_operator_wrote(mail_server: MailServer, typed: str, name: str, address: str) -> None:
    assert (sender_of(typed).display_name, sender_of(typed).addr_spec) == (name, address)
    site = replace(SETTINGS, mail_from=typed, smtp_url=mail_server.url)
    send(compose(NOTICE, letter(), site), site)
    (envelope,) = mail_server.envelopes
    assert envelope.mail_from == address
    raw = dict(raw_headers(envelope.original_content))["From"]
    assert raw.endswith(f"<{address}>")
    assert shown(raw.rpartition("<")[0].strip()) == name


@each(
    "typed",
    [
        *("Hotel Post", "a@x.example, b@y.example", "A <a@x.example>, B <b@y.example>", "A <a@x.example> B", "<>", ""),
        *("A <a>", "A\r\nBcc: x@y <a@x.example>", "A <a b@x.example>", "A <a@☃☃--.example>", "@x.example", "a@"),
    ],
)
def test_a_sender_that_no_header_can_hold_is_refused_at_the_start(typed: str) -> None:
    assert "MAIL_FROM cannot be used" in refusal(MAIL_FROM=typed)


@each("url", ["rooms.example", "ftp://rooms.example", "https://", "https://a b", "https://x:port"])
def test_a_site_that_cannot_be_is_refused_at_the_start(url: str) -> None:
    assert "SITE_URL cannot be used" in refusal(SITE_URL=url)


@pytest.mark.parametrize(
    ("typed", "known_as"),
    first_quick(
        [
            ("gast@straße.example", "gast@xn--strae-oqa.example"),
            ("gast@faß.de", "gast@xn--fa-hia.de"),
            ("gast@BÜCHER.example", "gast@xn--bcher-kva.example"),
            ("gast@例え。テスト", "gast@xn--r8jz45g.xn--zckzah"),
            ("gast@βόλος.example", "gast@xn--nxasmm1c.example"),
            ("Gast@Example.COM", "Gast@example.com"),
        ]
    ),
)
def test_mail_goes_to_the_domain_that_was_typed(mail_server: MailServer, typed: str, known_as: str) -> None:
    site = replace(SETTINGS, smtp_url=mail_server.url)
    send(compose(replace(NOTICE, email=typed), letter(), site), site)
    assert mail_server.envelopes[0].rcpt_tos == [known_as]
    assert dict(raw_headers(mail_server.envelopes[0].original_content))["To"].endswith(f"<{known_as}>")


@each("email", ["gast@☃☃--.example", "gast@-x.example", "gast@exa mple.com", ".gast@example.com"])
def test_an_address_that_cannot_be_is_no_mail(email: str) -> None:
    with pytest.raises(Undeliverable):
        compose(replace(NOTICE, email=email), letter(), SETTINGS)


@pytest.mark.parametrize(
    ("url", "host"),
    first_quick(
        [
            ("https://gästehaus.example", "xn--gstehaus-0za.example"),
            ("https://GÄSTEHAUS.example:8443/", "xn--gstehaus-0za.example"),
            ("https://straße.example", "xn--strae-oqa.example"),
        ]
    ),
)
def test_a_site_at_an_international_domain_sends_mail(mail_server: MailServer, url: str, host: str) -> None:
    site = replace(SETTINGS, site_url=url, smtp_url=mail_server.url)
    assert publisher(site).host == host
    send(compose(CANCELLED_NOTICE, replace(letter(CANCELLATION), message_id=f"<1.mail@{host}>"), site), site)
    (session,), (mail,) = mail_server.heard, mail_server.messages
    assert session == host
    (entry,) = mail.iter_attachments()
    told = re.sub(r"\r?\n ", "", entry.get_content())
    assert re.search(rf"UID:booking_\w+@{re.escape(host)}\r?\n", told)
    assert f"https://{host}" in told
    assert told.isascii()


def test_the_site_at_an_address_introduces_itself_as_one(mail_server: MailServer) -> None:
    for url, name in (("http://127.0.0.1:8000", "[127.0.0.1]"), ("http://[::1]:8000", "[IPv6:::1]")):
        site = replace(SETTINGS, site_url=url, smtp_url=mail_server.url)
        send(compose(NOTICE, letter(), site), site)
        assert mail_server.heard.pop() == name


def test_hosts_as_the_network_knows_them() -> None:
    assert ascii_domain("Straße.EXAMPLE") == "xn--strae-oqa.example"
    assert ascii_domain("my_host.local") == "my_host.local"
    assert ascii_url("https://gästehaus.example:444/weg/") == "https://xn--gstehaus-0za.example:444/weg"
    assert origin_of("https://Gästehaus.example/x") == origin_of("https://xn--gstehaus-0za.example:443")
    assert origin_of("https://[broken") == origin_of("nonsense") == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_sender_is_either_refused_or_kept(typed: str) -> None:
    text = f"{typed} <info@post.example>"
    try:
        name, address = split_sender(text)
    except ValueError:
        with pytest.raises(Exception, match="MAIL_FROM"):
            Settings.from_env({**GOOD, "MAIL_FROM": text})
        return
    assert address == "info@post.example"
    assert one_line(name) == sender_of(text).display_name or len(name) > 80


def test_an_international_address_goes_to_a_server_that_takes_it(another_mail_server: Start) -> None:
    server = another_mail_server(enable_SMTPUTF8=True)
    site = replace(SETTINGS, smtp_url=server.url)
    send(compose(replace(NOTICE, email="dänä@straße.example", guest_name=ATTACK), letter(), site), site)
    assert server.envelopes[0].rcpt_tos == ["dänä@xn--strae-oqa.example"]
    assert ATTACK.encode() not in server.envelopes[0].original_content.partition(b"\r\n\r\n")[0]


def test_an_international_address_is_refused_where_the_server_lacks_smtputf8(another_mail_server: Start) -> None:
    site = replace(SETTINGS, smtp_url=another_mail_server(enable_SMTPUTF8=False).url)
    with pytest.raises(Undeliverable, match="SMTPUTF8") as refused:
        send(compose(replace(NOTICE, email="dänä@example.com"), letter(), site), site)
    assert refused.value.at_fault
    assert isinstance(refused.value.__cause__, smtplib.SMTPNotSupportedError)
