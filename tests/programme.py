"""What the long programmes have in common: they end cleanly when they are told to, and refuse senseless numbers."""

from __future__ import annotations

import argparse


def positive(text: str) -> int:
    """A whole number from 1, for argparse."""
    return _at_least(1, text)


def natural(text: str) -> int:
    """A whole number from 0, for argparse."""
    return _at_least(0, text)


def _at_least(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"must be at least {least}, not {number}")
    return number
