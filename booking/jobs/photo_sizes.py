"""Photos that staff has uploaded: their sizes are made while the worker runs, and files of none are removed."""

from __future__ import annotations

from booking.domain import catalogue
from booking.domain.actors import Actor
from booking.infra.telemetry import log
from booking.jobs import deliver

WORKER = Actor.system("worker")


def make() -> None:
    """All that wait, one after the other, until the process is to end."""
    while not deliver.stopping.is_set() and catalogue.make_next_photo(WORKER, deliver.stopping.is_set):
        pass


def sweep() -> None:
    """What was left by uploads that broke off, and by deletions while the storage was away."""
    if removed := catalogue.sweep_photo_files(WORKER):
        log.info("photo_files_removed", files=removed)
