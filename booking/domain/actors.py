"""Who acts: the first argument of every verb that changes something, or looks at what is somebody's.

An actor is a value, made at a door. Verbs that show what everybody may see (searches, rooms, prices) take none. What an
actor may do is one table, booking/domain/people/permissions.py; what staff, programs and the system did is written into
the audit log, and every event names its actor.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from booking.domain.errors import Unauthorized
from booking.infra.ids import encode


class ActorKind(StrEnum):
    """In whose name somebody acts. An app in which guests sign in to their own accounts acts as the guest."""

    GUEST = "guest"
    STAFF = "staff"  # has memberships, whatever they do
    PROGRAM = "program"  # with credentials of its own: a channel manager, not somebody's app
    SYSTEM = "system"  # the worker, and commands of an operator


class Role(StrEnum):
    """What somebody is in a house."""

    OWNER = "owner"
    MANAGER = "manager"
    DESK = "desk"
    HOUSEKEEPING = "housekeeping"


@dataclass(frozen=True, slots=True)
class Membership:
    """A role at one property, or at all of them."""

    role: Role
    property_id: uuid.UUID | None = None  # none: all

    def covers(self, property_id: uuid.UUID | None) -> bool:
        """Whether it counts there; only a role at all properties counts for what belongs to none (None)."""
        return self.property_id is None or self.property_id == property_id


@dataclass(frozen=True, slots=True)
class Actor:
    """`session_id` is the sign-in by which a person acts; `name` says which program or part of the system it is."""

    kind: ActorKind
    user_id: uuid.UUID | None = None
    memberships: tuple[Membership, ...] = ()
    session_id: uuid.UUID | None = None
    name: str = ""

    @classmethod
    def guest(cls, user_id: uuid.UUID, session_id: uuid.UUID | None = None) -> Actor:
        """Somebody in their own name."""
        return cls(ActorKind.GUEST, user_id, session_id=session_id)

    @classmethod
    def signed_in(cls, user_id: uuid.UUID, memberships: tuple[Membership, ...], session_id: uuid.UUID | None) -> Actor:
        """Whoever has signed in: staff where they have memberships."""
        return cls(ActorKind.STAFF if memberships else ActorKind.GUEST, user_id, memberships, session_id)

    @classmethod
    def program(cls, name: str, memberships: tuple[Membership, ...], user_id: uuid.UUID | None = None) -> Actor:
        """A program, for the houses that let it in; `user_id` is the account that it acts for, if any."""
        return cls(ActorKind.PROGRAM, user_id, memberships, name=name)

    @classmethod
    def system(cls, name: str) -> Actor:
        """A part of the product, by name: "worker", "cli users delete (anna)"."""
        return cls(ActorKind.SYSTEM, name=name)

    @property
    def account(self) -> uuid.UUID:
        """The account in whose name it acts; raises Unauthorized where there is none."""
        if self.user_id is None:
            raise Unauthorized
        return self.user_id

    def __str__(self) -> str:
        """As events and the audit log name it: guest:user_01…, system:worker."""
        who = self.name or (encode("user", self.user_id) if self.user_id else "")
        return f"{self.kind}:{who}" if who else str(self.kind)


VISITOR = Actor(ActorKind.GUEST)  # nobody has signed in
