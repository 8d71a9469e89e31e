"""Mail over real SMTP, and mail as files."""

from __future__ import annotations

import smtplib
import socket
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from booking.infra import mail
from booking.infra.mail import MailError, Undeliverable, Unreachable, mailbox, send
from booking.jobs.mails import compose
from tests.cases import each
from tests.jobs.conftest import MailServer
from tests.jobs.stories import NOTICE, SETTINGS, letter


def message(delivery: str = "019a.mail", **facts: Any) -> Any:
    return compose(replace(NOTICE, **facts), letter(delivery=delivery), SETTINGS)


def content(received: Any, kind: Any) -> Any:
    return received.get_body((kind,)).get_content().splitlines()  # lines end in CRLF on the way


def through(server: Any, **changes: Any) -> Any:
    return replace(SETTINGS, smtp_url=server.url, **changes)


def test_a_mail_arrives_whole(mail_server: MailServer) -> None:
    sent = message(guest_name="דנה לוי", room="Zimmer mit Ausblick über die ganze, große, schöne Stadt")
    send(sent, through(mail_server))
    (envelope,), (arrived,) = mail_server.envelopes, mail_server.messages
    assert (envelope.mail_from, envelope.rcpt_tos) == ("bookings@localhost", ["dana@example.com"])
    assert content(arrived, "plain") == sent.text.splitlines()
    assert content(arrived, "html") == sent.html.splitlines()
    assert [part.get_filename() for part in arrived.iter_attachments()] == ["stay.ics"]


def test_several_mails_share_a_connection(mail_server: MailServer) -> None:
    with mailbox(through(mail_server)) as post:
        for number in range(3):
            post(message(f"{number}.mail"))
    assert mail_server.message_ids() == [f"<{number}.mail@stay.example>" for number in range(3)]
    assert len(mail_server.sessions) == 1


def test_nobody_is_called_when_there_is_nothing_to_send() -> None:
    with mailbox(replace(SETTINGS, smtp_url="smtp://127.0.0.1:1")):
        pass


@pytest.mark.parametrize("answer", ["451 greylisted, come back", "550 no such user", "554 spam"])
def test_a_refusal_is_raised_and_the_next_mail_goes_on(mail_server: MailServer, answer: str) -> None:
    mail_server.answers = [answer]
    with mailbox(through(mail_server)) as post:
        with pytest.raises((smtplib.SMTPException, Undeliverable)):
            post(message("1.mail"))
        post(message("2.mail"))
    assert mail_server.message_ids() == ["<2.mail@stay.example>"]


def test_a_conversation_that_broke_in_the_middle_is_not_continued(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(smtp: Any, _: Any) -> None:
        smtp.putcmd("data")
        raise RuntimeError("interrupted")  # as RQ does with a job that takes too long

    with mailbox(through(mail_server)) as post:
        with monkeypatch.context() as patch:
            patch.setattr(smtplib.SMTP, "data", breaks)
            with pytest.raises(RuntimeError):
                post(message("1.mail"))
        assert post.__self__._smtp is None  # type: ignore[attr-defined]
        post(message("2.mail"))
    assert mail_server.message_ids() == ["<2.mail@stay.example>"]


def test_nobody_listens() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        send(message(), replace(SETTINGS, smtp_url="smtp://127.0.0.1:1"))


@pytest.mark.slow
def test_a_server_that_never_says_hello_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable):
        send(message(), replace(SETTINGS, smtp_url=f"smtp://127.0.0.1:{silent.getsockname()[1]}"))


@pytest.mark.slow
def test_a_server_that_hangs_in_the_middle_is_given_up(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "PATIENCE", 0.3)
    mail_server.delay = 1.0
    with pytest.raises((OSError, smtplib.SMTPException)):
        send(message(), through(mail_server))


def test_a_server_that_hung_up_between_two_mails_is_called_again(mail_server: MailServer) -> None:
    with mailbox(through(mail_server)) as post:
        post(message("1.mail"))
        post.__self__._smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
        post(message("2.mail"))
    assert mail_server.message_ids() == ["<1.mail@stay.example>", "<2.mail@stay.example>"]


@each("url", ["mail.example.com:25", "http://mail.example.com", "smtp://"])
def test_a_url_that_is_none_says_what_one_looks_like(url: str) -> None:
    with pytest.raises(MailError, match="smtp://user:password@host:587"):
        send(message(), replace(SETTINGS, smtp_url=url))


def test_without_any_way_out_it_says_so() -> None:
    with pytest.raises(MailError, match="SMTP_URL"):
        send(message(), SETTINGS)


def test_a_password_is_not_sent_in_the_clear(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "LOOPBACK", set())
    url = mail_server.url.replace("smtp://", "smtp://user:secret@")
    with pytest.raises(Unreachable, match="password is not sent"):
        send(message(), replace(SETTINGS, smtp_url=url))


def test_a_mail_as_a_file(tmp_path: Path) -> None:
    settings = replace(SETTINGS, mail_dir=str(tmp_path / "mail"))
    send(message(), settings)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "2026-03-01T101500Z-K7PQ2WXH-019a.mail.eml"
    assert message_from_bytes(file.read_bytes(), policy=SMTP)["Message-ID"] == "<019a.mail@stay.example>"


def test_the_same_mail_twice_is_one_file(tmp_path: Path) -> None:
    settings = replace(SETTINGS, mail_dir=str(tmp_path))
    send(message(), settings)
    send(message(), settings)
    send(message("019b.mail"), settings)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_name_stays_in_its_directory(tmp_path: Path) -> None:
    sent = replace(message("../../x"), reference="../..")
    send(sent, replace(SETTINGS, mail_dir=str(tmp_path / "mail")))
    assert [file.parent for file in tmp_path.rglob("*.eml")] == [tmp_path / "mail"]


def test_an_address_outside_ascii_can_be_written(tmp_path: Path) -> None:
    send(message(email="dänä@example.com"), replace(SETTINGS, mail_dir=str(tmp_path)))
    (file,) = tmp_path.iterdir()
    assert "dänä@example.com" in file.read_text()
