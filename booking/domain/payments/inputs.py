"""What staff says of money that moves by hand. Which of it is right for an order, the verbs decide."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from booking.domain.errors import NotFound
from booking.domain.inputs import CalendarDate, Input, Name, decimal_text, one_of, plain, refuse
from booking.domain.names import trimmed
from booking.domain.notices import Notice
from booking.domain.payments.cash import Count, DrawerKey
from booking.domain.payments.models import BY_HAND, CASH
from booking.infra.ids import decode, new_reference

Sum = Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=3), BeforeValidator(decimal_text)]

Counted = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3), BeforeValidator(decimal_text)]


class EntryByHand(Input):
    """How money moved, and under which reference it is entered. Cash needs none: the house numbers it, by the `slip`
    that its page was made with, so that one page enters it once.
    """

    by: Annotated[str, AfterValidator(one_of(BY_HAND))] | None = None
    slip: Annotated[str, Field(pattern="^[0-9A-Z]{8}$")] | None = None
    reference: Annotated[Name | None, Field(validate_default=True)] = None

    @field_validator("reference")
    @classmethod
    def _numbered(cls, reference: str | None, info: ValidationInfo) -> str | None:
        if reference or "by" not in info.data:
            return reference
        if info.data["by"] != CASH:
            raise refuse(Notice("missing"))
        return f"cash {info.data.get('slip') or new_reference()}"

    @property
    def entry(self) -> str:
        """The reference: of the house where it was left empty."""
        return self.reference or ""


class MoneyReceived(EntryByHand):
    """Money that staff has taken; see by_hand.received()."""

    amount: Sum
    by: Annotated[str, AfterValidator(one_of(BY_HAND))]
    received_on: CalendarDate | None = None


class MoneyReturned(EntryByHand):
    """A refund that staff has given back; see by_hand.returned()."""

    returned_on: CalendarDate | None = None


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
