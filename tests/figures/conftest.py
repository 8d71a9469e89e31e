"""The copy of the programme lies where those of the benches do."""

from tests.bench.conftest import home

__all__ = ["home"]
