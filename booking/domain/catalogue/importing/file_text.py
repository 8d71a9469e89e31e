"""An uploaded file as the lines of a CSV."""

from __future__ import annotations

import io
from collections.abc import Iterator

from booking.domain.catalogue.importing.drafts import BadRow


def lines_of(content: bytes) -> Iterator[str]:
    """Bytes that are no UTF-8 spoil their row, not the file. Raises BadRow of `file` for what is no CSV."""
    if content.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise BadRow("file", "file_packed")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:1000]:
        raise BadRow("file", "file_utf_16")
    return iter(io.StringIO(content.decode("utf-8-sig", errors="surrogateescape"), newline=""))
