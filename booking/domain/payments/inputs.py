"""What staff says of money that moves by hand. Which of it is right for an order, the verbs decide."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from booking.domain.errors import NotFound
from booking.domain.inputs import CalendarDate, Input, Name, decimal_text, one_of, plain
from booking.domain.names import trimmed
from booking.domain.payments.cash import Count, DrawerKey
from booking.domain.payments.models import BY_HAND
from booking.infra.ids import decode

Sum = Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=3), BeforeValidator(decimal_text)]

Counted = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3), BeforeValidator(decimal_text)]


class MoneyReceived(Input):
    """Money that staff has taken; see by_hand.received()."""

    amount: Sum
    by: Annotated[str, AfterValidator(one_of(BY_HAND))]
    reference: Name
    received_on: CalendarDate | None = None


class MoneyReturned(Input):
    """A refund that staff has given back; see by_hand.returned()."""

    reference: Name
    returned_on: CalendarDate | None = None
    by: Annotated[str, AfterValidator(one_of(BY_HAND))] | None = None


class DebtWaived(Input):
    """What a guest is let off; all that is due where no amount is given."""

    reason: Name
    amount: Sum | None = None


class EntryMistaken(Input):
    """Why an entry is taken back."""

    reason: Name


class CashDrawer(Input):
    """Whose drawer is meant, by ids as they are shown; without a person, what commands have entered."""

    house: Annotated[str, Field(alias="property")]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    person: str | None = None

    @property
    def key(self) -> DrawerKey:
        """Raises NotFound where there is none of these ids."""
        return DrawerKey(_known("property", self.house), self.currency, _known_or_none("user", self.person))


class CashCount(Input):
    """What was counted in a drawer, `shown` as expected since the closing `after`; see cash.close()."""

    after: str | None = None
    shown: Annotated[Decimal, Field(max_digits=15, decimal_places=3)]
    counted: Counted
    kept: Counted = Decimal(0)
    note: Annotated[str, Field(max_length=255), AfterValidator(plain), AfterValidator(trimmed)] | None = None

    @property
    def count(self) -> Count:
        """Raises NotFound where `after` is no closing's id."""
        after = _known_or_none("closing", self.after)
        return Count(self.counted, self.kept, self.note or None, self.shown, after)


def _known_or_none(kind: str, shown: str | None) -> uuid.UUID | None:
    return _known(kind, shown) if shown else None


def _known(kind: str, shown: str) -> uuid.UUID:
    found = decode(kind, shown)
    if found is None:
        raise NotFound
    return found
