"""Mail leaves encrypted and to whom the certificate names; in production nothing else, unless SMTP_TLS says so."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from booking.config import Settings
from booking.infra.mail import Unreachable, say_hello, send
from booking.jobs.mails import compose
from tests.jobs.conftest import MailServer
from tests.jobs.stories import NOTICE, SETTINGS, letter
from tests.test_settings import GOOD, refusal

pytestmark = pytest.mark.slow

Start = Callable[..., MailServer]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, with its key, signed by itself."""
    if not shutil.which("openssl"):
        pytest.skip("making a certificate needs the openssl command")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    making = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-days", "2", "-subj", "/CN=a mail server", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*making, *names, "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.fixture
def encrypting(certificate: Path, another_mail_server: Start) -> MailServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return another_mail_server(tls_context=context)


def sent(server: MailServer, **changes: Any) -> None:
    site = replace(SETTINGS, smtp_url=server.url, **changes)
    send(compose(NOTICE, letter(), site), site)


@pytest.mark.parametrize("changes", [{"app_env": "production"}, {"smtp_tls": "required"}])
def test_without_tls_nothing_is_sent_where_it_is_required(mail_server: MailServer, changes: dict[str, Any]) -> None:
    with pytest.raises(Unreachable, match="offers no TLS"):
        sent(mail_server, **changes)
    assert mail_server.messages == []
    with pytest.raises(Unreachable, match="SMTP_TLS"):
        say_hello(replace(SETTINGS, smtp_url=mail_server.url, **changes), 2.0)


@pytest.mark.parametrize("changes", [{}, {"app_env": "production", "smtp_tls": "optional"}])
def test_where_it_is_not_required_mail_leaves_all_the_same(mail_server: MailServer, changes: dict[str, Any]) -> None:
    sent(mail_server, **changes)
    assert len(mail_server.messages) == 1


@pytest.mark.parametrize("tls", ["", "optional", "required"])
def test_starttls_is_used_wherever_it_is_offered_and_the_certificate_looked_at(
    encrypting: MailServer, certificate: Path, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    with pytest.raises(Unreachable, match="certificate verify failed"):
        sent(encrypting, smtp_tls=tls)
    assert encrypting.messages == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    sent(encrypting, smtp_tls=tls, app_env="production")
    assert len(encrypting.messages) == 1
    assert say_hello(replace(SETTINGS, smtp_url=encrypting.url), 2.0).encrypted


def test_a_certificate_of_another_host_is_refused(
    encrypting: MailServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    site = replace(SETTINGS, smtp_url=encrypting.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(Unreachable, match="certificate verify failed"):
        send(compose(NOTICE, letter(), site), site)


def test_the_choice_is_one_of_two() -> None:
    assert "SMTP_TLS" in refusal(SMTP_TLS="maybe")
    assert Settings.from_env(GOOD).mails_need_tls
    assert not Settings.from_env({**GOOD, "SMTP_TLS": "optional"}).mails_need_tls
