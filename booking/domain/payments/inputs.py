"""What staff says of money that moves by hand. Which of it is right for an order, the verbs decide."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from booking.domain.inputs import CalendarDate, Input, Name, decimal_text, one_of
from booking.domain.payments.models import BY_HAND

Sum = Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=3), BeforeValidator(decimal_text)]


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


class DebtWaived(Input):
    """What a guest is let off; all that is due where no amount is given."""

    reason: Name
    amount: Sum | None = None


class EntryMistaken(Input):
    """Why an entry is taken back."""

    reason: Name
