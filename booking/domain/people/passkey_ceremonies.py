"""What a browser and a device are asked for and answer (WebAuthn), checked by py_webauthn. Knows no accounts.

Every passkey is discoverable (its device finds it without being told an account) and is used with user verification (a
finger, a face, a PIN): so each one proves two things at once, and is as good without a password as after it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import secrets as random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from booking.domain.people.passkey_errors import WrongPasskey
from booking.infra import clock, domains, telemetry

if TYPE_CHECKING:
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

# py_webauthn and what it needs take a tenth of a start: imported where a ceremony begins.

GOOD_FOR = dt.timedelta(minutes=5)  # a challenge
LONGEST_ID = 1023  # bytes of a credential's id (WebAuthn Level 3 §4)


@dataclass(frozen=True, slots=True)
class Site:
    """Whose keys these are: the host of SITE_URL and its origin. Devices give them out to nobody else."""

    host: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """Random bytes that a device has to sign, and when they were made. Whoever made them keeps them signed."""

    value: bytes
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A key that is there already."""

    credential_id: bytes
    transports: Sequence[str]


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a device has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a key: whose it is (as the device was told), its public half, the count that it said last."""

    user: bytes
    public_key: bytes
    sign_count: int


def site_of(url: str, name: str) -> Site | None:
    """The site at this URL; None where browsers let it have no passkeys.

    They want a host with a name (no IP address), and HTTPS, but for localhost.
    """
    host, parts = domains.host_of(url), urlsplit(url)
    is_local = host == "localhost" or host.endswith(".localhost")
    if _is_address(host) or (parts.scheme != "https" and not is_local):
        return None
    port = "" if parts.port in (None, domains.DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return Site(host, f"{parts.scheme}://{host}{port}", name)


def new_challenge() -> Challenge:
    """One that nobody has seen."""
    return Challenge(random.token_bytes(32), clock.now())


def is_in_time(challenge: Challenge) -> bool:
    """Whether it may still be answered."""
    return clock.now() - challenge.at < GOOD_FOR


def to_create(site: Site, challenge: Challenge, user: bytes, names: tuple[str, str], known: Sequence[Known]) -> Any:
    """Options of `navigator.credentials.create`, as JSON knows them. `names`: the account's, its owner's.

    Browsers make no second key on a device that has one of `known`.
    """
    from webauthn import generate_registration_options
    from webauthn.helpers import structs

    needed = structs.AuthenticatorSelectionCriteria(
        resident_key=structs.ResidentKeyRequirement.REQUIRED,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=user,
        user_name=names[0],
        user_display_name=names[1],
        challenge=challenge.value,
        timeout=int(GOOD_FOR.total_seconds() * 1000),
        authenticator_selection=needed,
        exclude_credentials=_described(known),
    )
    return _as_json(options)


def to_sign(site: Site, challenge: Challenge, known: Sequence[Known] = ()) -> Any:
    """Options of `navigator.credentials.get`; without `known` the device offers whatever it has for the site."""
    from webauthn import generate_authentication_options
    from webauthn.helpers import structs

    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge.value,
        timeout=int(GOOD_FOR.total_seconds() * 1000),
        allow_credentials=_described(known),
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return _as_json(options)


def created(answer: str, challenge: Challenge, site: Site) -> NewKey:
    """The new key of an answer. Raises WrongPasskey where it answers something else, or is none."""
    from webauthn import verify_registration_response
    from webauthn.helpers import parse_registration_credential_json

    with _reading():
        credential = parse_registration_credential_json(answer)
        found = verify_registration_response(
            credential=credential,
            expected_challenge=challenge.value,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    if len(found.credential_id) > LONGEST_ID:
        raise WrongPasskey
    transports = [transport.value for transport in credential.response.transports or ()]
    return NewKey(found.credential_id, found.credential_public_key, found.sign_count, transports)


def id_in(answer: str) -> bytes:
    """Which key an answer says that it is of. Raises WrongPasskey where it says none."""
    from webauthn.helpers import parse_authentication_credential_json

    with _reading():
        return parse_authentication_credential_json(answer).raw_id


def signed(answer: str, challenge: Challenge, site: Site, key: Kept) -> int:
    """The count of a device that has signed the challenge with this key.

    Raises WrongPasskey for another key, user, challenge or site, without user verification, and for a count that did
    not go up: then a copy of the key was used.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import parse_authentication_credential_json

    with _reading():
        credential = parse_authentication_credential_json(answer)
        found = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.value,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    if credential.response.user_handle not in (None, key.user):
        raise WrongPasskey
    return found.new_sign_count


@contextmanager
def _reading() -> Iterator[None]:
    """Of what a stranger has sent. Raises WrongPasskey where it is no answer, or not the one that was asked for."""
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        yield
    except WebAuthnException as error:
        raise WrongPasskey from error
    except Exception as error:  # the parsers below py_webauthn break in ways of their own
        telemetry.log.warning("passkey_unreadable", error=type(error).__name__)
        raise WrongPasskey from error


def _described(known: Sequence[Known]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=one.credential_id, transports=_ways(one.transports)) for one in known]


def _ways(transports: Sequence[str]) -> list[AuthenticatorTransport]:
    from webauthn.helpers.structs import AuthenticatorTransport

    return [AuthenticatorTransport(name) for name in transports]


def _as_json(options: Any) -> Any:
    from webauthn import options_to_json

    return json.loads(options_to_json(options))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
