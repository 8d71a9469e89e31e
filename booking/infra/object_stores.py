"""Places where files are kept, by their URLs: file:///folder, or s3://bucket/prefix on any S3.

Keys, region and endpoint of S3 come from the usual AWS_* variables.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult

if TYPE_CHECKING:
    from obstore.store import ClientConfig


def is_place(parts: SplitResult) -> bool:
    """Whether a URL, split, names a folder or a bucket."""
    folder = parts.scheme == "file" and not parts.netloc and len(parts.path) > 1
    return folder or (parts.scheme == "s3" and bool(parts.netloc))


def bucket(name: str, prefix: str, patience: dt.timedelta | None) -> Any:
    """A bucket of S3, or what lies below `prefix` in it; `patience` limits one request. Contacts nothing."""
    from obstore.store import S3Store

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    options: ClientConfig = {"allow_http": endpoint.startswith("http://")}
    more: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    if patience:
        options["timeout"] = options["connect_timeout"] = patience
        more["retry_config"] = {"max_retries": 0, "retry_timeout": patience}
    return S3Store(name, prefix=prefix or None, client_options=options, **more)


def read(store: Any, name: str) -> bytes | None:
    """What a file holds, None where there is none."""
    from obstore import get
    from obstore.exceptions import NotFoundError

    try:
        return bytes(get(store, name).bytes())
    except (NotFoundError, FileNotFoundError):
        return None


def remove(store: Any, names: Iterable[str]) -> None:
    """Remove files, in this order; those that are not there are no fault."""
    from obstore import delete

    for name in names:
        with suppress(FileNotFoundError):
            delete(store, name)


@contextmanager
def troubles(meant: Callable[[str], Exception]) -> Iterator[None]:
    """Raises what is `meant` by whatever a store says on one line, where it does not answer or refuses."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError) as error:
        raise meant(" ".join(str(error).split())[:300]) from error
