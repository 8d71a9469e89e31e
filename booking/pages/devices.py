"""Browsers in which somebody has signed in before. They wait for nobody's guessing but their own.

The cookie holds no address: a random name, and what stands for the accounts (at most five).
"""

from __future__ import annotations

import secrets

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeSerializer

from booking.http.services import current_services
from booking.infra import secret_keys

A_YEAR = 365 * 24 * 3600
MOST = 5  # accounts of one browser


def is_known() -> bool:
    """Whether this browser sent the cookie: somebody has signed in here before, and it keeps cookies."""
    return _cookie() in request.cookies


def known_for(account: str) -> str:
    """This browser's name, empty where the account's owner has not signed in here before."""
    name, accounts = _read()
    return name if account in accounts else ""


def remember(response: Response, account: str) -> Response:
    """The account's owner has just proved who they are, here."""
    name, accounts = _read()
    kept = [account, *(one for one in accounts if one != account)][:MOST]
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(
        _cookie(),
        str(_signer().dumps([name or secrets.token_urlsafe(12), kept])),
        max_age=A_YEAR,
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _read() -> tuple[str, list[str]]:
    try:
        name, accounts = _signer().loads(request.cookies.get(_cookie(), ""))
    except (BadData, ValueError, TypeError):
        return "", []
    return str(name), [str(account) for account in accounts]


def _cookie() -> str:
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"


def _signer() -> URLSafeSerializer:
    keys = secret_keys.ring(current_services().settings.secret_keys, secret_keys.DEVICES)
    return URLSafeSerializer(list(reversed(keys)), salt="device")  # the newest last, as itsdangerous expects it
