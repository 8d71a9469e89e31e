"""Rows of one table by statements built once: read, added and saved inside a @transaction.

The session's unit of work finds out by itself what changed, at several times the cost. Here whoever changes a row
saves it: a save compares the row with what was read and writes every column that differs. What never changes (an id,
when a row was made) is refused with ValueError.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Column, Insert, Table, Update, bindparam, insert, inspect, update
from sqlalchemy.orm.attributes import instance_state

from booking.infra.db import Model
from booking.infra.prepared import often

Row = TypeVar("Row", bound=Model)

_GIVEN_BY_POSTGRES = {"created_at", "updated_at"}
_AS_READ, _AS_TEXT = "as read", "as text"  # in a row's info: its columns as they stand in Postgres


class SavedRows(Generic[Row]):
    """The rows of a model. Its JSON columns may be changed where they are; `fixed` ones never change."""

    def __init__(self, model: type[Row], *, json_columns: Sequence[str] = (), fixed: Collection[str] = ()) -> None:
        self.table = cast(Table, model.__table__)
        self.columns = [column.name for column in self.table.c]
        self._class, self._json = inspect(model).class_manager, tuple(json_columns)
        self._fixed = {"id", *_GIVEN_BY_POSTGRES, *fixed}
        self._parameters = [(column.name, f"new_{column.name}") for column in self.written()]

    def new(self, **values: Any) -> Row:
        """A row that is to be added. Raises TypeError where it has no such column."""
        if unknown := values.keys() - set(self.columns):
            raise TypeError(f"{self.table.name} has no {', '.join(sorted(unknown))}")
        row = cast(Row, self._class.new_instance())
        row.__dict__.update(values)
        return row

    def read(self, values: Sequence[Any]) -> Row:
        """A row from its columns' values, in their order."""
        # As the session makes one. Given to the constructor, each value would be noted as a change.
        row = cast(Row, self._class.new_instance())
        row.__dict__.update(zip(self.columns, values, strict=True))
        self.remember(row)
        return row

    def copy(self, row: Row) -> Row:
        """The same as it was read or added, for an attempt that may have to begin anew."""
        return self.read([row.__dict__.get(name) for name in self.columns])

    def remember(self, row: Row) -> None:
        """From here on the row stands in Postgres as it is."""
        info = instance_state(row).info
        info[_AS_READ], info[_AS_TEXT] = row.__dict__.copy(), self._text(row)

    def seen(self, row: Row, name: str) -> Any:
        """What a column was when the row was read."""
        return instance_state(row).info[_AS_READ].get(name)

    def changes(self, row: Row) -> dict[str, Any]:
        """The columns that differ from what was read, with their new values."""
        info, now = instance_state(row).info, row.__dict__
        if _AS_READ not in info:
            raise ValueError("only a row that was read or added here can be saved")
        was = info[_AS_READ]
        changed = [name for name in self.columns if now.get(name) != was.get(name)]
        if info[_AS_TEXT] != self._text(row):
            changed = sorted({*changed, *self._json})
        if refused := self._fixed.intersection(changed):
            raise ValueError(f"{', '.join(sorted(refused))} of {self.table.name} cannot be changed")
        return {name: now.get(name) for name in changed}

    def insert(self) -> Insert:
        """Takes the parameters that values() gives."""
        return insert(self.table).values({column.name: bindparam(f"new_{column.name}") for column in self.written()})

    def written(self) -> list[Column[Any]]:
        """The columns that an insert writes."""
        return [column for column in self.table.c if column.name not in _GIVEN_BY_POSTGRES]

    def values(self, row: Row) -> dict[str, Any]:
        """The parameters of an insert."""
        own = row.__dict__
        return {parameter: _sent(own.get(name)) for name, parameter in self._parameters}

    @lru_cache(maxsize=256)  # noqa: B019 there is one of these per table, as long as the program runs
    def update(self, changed: tuple[str, ...]) -> Update:
        """The statement for one set of changed columns, built once for each; `row_id` says which row."""
        new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changed}
        return often(update(self.table).where(self.table.c.id == bindparam("row_id")).values(new))

    def _text(self, row: Row) -> bytes:
        # A list or dict may be changed where it is: its text shows that.
        # Without references between its parts (version 2): who else holds one of them would change the bytes.
        return marshal.dumps([row.__dict__.get(name) for name in self._json], 2)


def named(new: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of new values; JSON goes in as text."""
    return {f"new_{name}": _sent(value) for name, value in new.items()}


def _sent(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value
