"""A device that keeps passkeys: what a phone does, in Python."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from booking.domain.actors import Actor
from booking.domain.people import passkeys, signing_in
from booking.domain.people.passkey_ceremonies import Site
from booking.domain.people.passkeys import Asked
from booking.domain.people.sign_in_throttle import UNCOUNTED

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


SITE = Site("rooms.example", "https://rooms.example", "Rooms")


@dataclass
class Device:
    """`counts`: it counts what it signs; those that keep their keys in step with others always say 0."""

    origin: str
    counts: bool = True
    flags: int = PRESENT | VERIFIED
    count: int = 0
    keys: dict[bytes, tuple[ec.EllipticCurvePrivateKey, bytes]] = field(default_factory=dict)

    def create(self, options: dict[str, Any], **instead: Any) -> str:
        """A new key, as `navigator.credentials.create` answers; `instead` of what a sound browser says."""
        key_id, key = instead.get("key_id") or secrets.token_bytes(16), ec.generate_private_key(ec.SECP256R1())
        self.keys[key_id] = key, unwritten(options["user"]["id"])
        attested = bytes(16) + len(key_id).to_bytes(2, "big") + key_id + _cose(key)
        data = self._data(instead.get("host", options["rp"]["id"]), HAS_KEY) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        told = self._told("webauthn.create", options, instead)
        answer = {"clientDataJSON": written(told), "attestationObject": written(attestation), "transports": ["usb"]}
        return _credential(key_id, answer)

    def sign(self, options: dict[str, Any], **instead: Any) -> str:
        """The last key's signature, as `navigator.credentials.get` answers."""
        allowed = [unwritten(one["id"]) for one in options["allowCredentials"]]
        key_id = [one for one in self.keys if not allowed or one in allowed][-1]
        key, user = self.keys[key_id]
        self.count += self.counts
        told = self._told("webauthn.get", options, instead)
        data = self._data(instead.get("host", options["rpId"]))
        signature = key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        answer = {"clientDataJSON": written(told), "authenticatorData": written(data), "signature": written(signature)}
        owner = instead.get("user", user)  # None: devices need not say it where they were told a key
        return _credential(key_id, answer | {"userHandle": None if owner is None else written(owner)})

    def _data(self, host: str, more: int = 0) -> bytes:
        count = self.count if self.counts else 0
        return hashlib.sha256(host.encode()).digest() + bytes([self.flags | more]) + count.to_bytes(4, "big")

    def _told(self, does: str, options: dict[str, Any], instead: dict[str, Any]) -> bytes:
        said = {"type": does, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(
            said | {name: said_instead for name, said_instead in instead.items() if name in said}
        ).encode()


def written(raw: bytes) -> str:
    """As browsers write bytes."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unwritten(text: str) -> bytes:
    """The bytes again."""
    return base64.urlsafe_b64decode(text + "===")


def _cose(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half as devices write it (RFC 9053 §7.1): EC2, ES256, P-256, x, y."""
    point = key.public_key().public_numbers()
    return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})


def _credential(key_id: bytes, response: dict[str, Any]) -> str:
    return json.dumps({"id": written(key_id), "rawId": written(key_id), "type": "public-key", "response": response})


def added(actor: Actor, device: Device, name: str = "Phone", **instead: Any) -> list[str]:
    """A passkey of theirs; the recovery codes where it is the first."""
    asked = passkeys.begin(actor, SITE)
    return passkeys.add(actor, device.create(asked.options, **instead), name, asked.challenge, SITE)


def enter(device: Device, asked: Asked | None = None, **instead: Any) -> uuid.UUID:
    """Sign in by passkey alone."""
    asked = asked or passkeys.ask_anybody(SITE)
    return signing_in.by_passkey(device.sign(asked.options, **instead), asked.challenge, SITE, UNCOUNTED).user.id
