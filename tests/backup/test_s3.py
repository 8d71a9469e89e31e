"""The same in S3: a server that checks keys and signatures stands beside the test."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from booking.infra.backup import Archive, BackupError, base, catalogue, receiver, retention
from booking.infra.embedded.ports import is_free
from booking.infra.words import count
from tests.backup.house import House
from tests.faults.product import eventually

KEY, SECRET = "a-key", "a-secret-that-is-checked"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it listens. It takes 15 s to end by TERM, so it is killed."""
    folder = tmp_path_factory.mktemp("s3")
    rights = {"name": "backup", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [rights]}))
    master, volume, filer, port = four_ports()
    with (folder / "weed.log").open("w") as log:
        weed = subprocess.Popen(
            [
                str(Path(sys.executable).parent / "weed"),
                "server",
                f"-dir={folder}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-filer",
                "-s3",
                f"-s3.config={folder}/s3.json",
                f"-master.port={master}",
                f"-volume.port={volume}",
                f"-filer.port={filer}",
                f"-s3.port={port}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=20",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        eventually(lambda: answers(port) or weed.poll() is not None, 60)
        assert weed.poll() is None, (folder / "weed.log").read_text()[-2000:]
        yield f"http://127.0.0.1:{port}"
    finally:
        weed.kill()
        weed.wait()


def four_ports() -> list[int]:
    """Each also takes the one 10,000 above."""
    found: list[int] = []
    while len(found) < 4:
        port = random.randrange(20_000, 25_000)
        if port not in found and is_free(port) and is_free(port + 10_000):
            found.append(port)
    return found


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty prefix of a bucket, which the first put makes; the usual variables lead there."""
    variables = {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    eventually(lambda: put_works("backups"))
    return "s3://backups/a/prefix"


def put_works(name: str) -> bool:
    try:
        store = S3Store(name, client_options={"allow_http": True})
        obstore.put(store, "hello", b"there")
    except obstore.exceptions.BaseError:
        return False
    return True


def test_a_house_is_backed_up_to_s3_and_comes_back(
    house: House, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "SWEEP", 0.2)
    house.forget_slot()
    archive = Archive(bucket)
    backup = base.create(archive, house.primary())
    with house.receiver(archive, tmp_path / "work"):
        house.book()
        house.superuser("SELECT pg_switch_wal()")
        house.book()
        house.archived(bucket)
    assert [one.label for one in catalogue.backups(archive)] == [backup.label]
    assert all(file.name.startswith(("base/", "wal/")) for file in archive.names("base") + archive.names("wal"))
    said = house.command("drill", backup_url=bucket)
    assert said.exit_code == 0, said.output
    assert f"All agree: {count(len(house.confirmed()), 'booking')}" in said.output
    base.create(archive, house.primary())
    assert retention.prune(archive, 1).labels == [backup.label]
    assert house.command("drill", backup_url=bucket).exit_code == 0


def test_a_wrong_secret_is_refused_and_not_repeated(house: House, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    said = house.command("create", backup_url=bucket)
    assert said.exit_code == 1
    assert f"The archive {bucket} does not work" in said.output
    assert "another-secret" not in said.output


def test_an_upload_that_breaks_off_leaves_nothing(bucket: str) -> None:
    archive = Archive(bucket + "/broken")

    def pieces() -> Iterator[bytes]:
        yield b"x" * 2**20
        raise BackupError("the disk broke")

    with pytest.raises(BackupError, match="the disk broke"):
        archive.write("base/x/base.tar.gz", pieces())
    assert archive.names("base") == []
