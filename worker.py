"""The worker process: `python worker.py`. Any number may run; it ends a few seconds after TERM or INT."""

from __future__ import annotations

import gc
import os
import sys

from booking.infra import embedded, signals

NICE = 10  # beside web servers on one machine, these come first: an email may wait, a guest does not


def main() -> None:
    signals.end_at_once()
    try:
        embedded.provide(os.environ)
    except embedded.EmbeddedError as error:
        print(error, file=sys.stderr)
        sys.exit(1)

    gc.disable()  # as in wsgi.py
    from booking import create_app
    from booking.config import SettingsError
    from booking.http.services import current_services
    from booking.infra import deadline, queue
    from booking.infra.telemetry import log
    from booking.jobs import ticker
    from booking.jobs.deliver import stopping

    for number in signals.ENDING:
        signals.heed(number, lambda _: stopping.set())
    try:
        app = create_app()
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    gc.freeze()
    gc.enable()
    deadline.limit_every_action(deadline.WORKER)
    with app.app_context():
        redis_url = current_services().settings.redis_url
    os.nice(NICE)  # from here on: Postgres and Valkey, where this process started them, are not to wait
    clock = ticker.build(app)
    clock.start()
    log.info("worker_started", pid=os.getpid())
    queue.work(redis_url, stopping, app.app_context)
    clock.stop()
    log.info("worker_stopped", pid=os.getpid())


if __name__ == "__main__":
    main()
