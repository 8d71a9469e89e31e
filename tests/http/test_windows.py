"""What one request is counted in, as it was told by whoever counted it."""

from __future__ import annotations

from booking.infra import windows
from booking.infra.windows import Window
from tests.cases import each

HOUR, MINUTE = (Window(f"{name}:before", f"{name}:now", 5, 60) for name in ("hour", "minute"))


def test_windows_with_room_are_told_once() -> None:
    with windows.counted_together([HOUR, MINUTE]):
        windows.counted([1, 1])
        assert windows.had_room()
        assert not windows.had_room()  # another request would have to be counted


@each("told", [None, [], [0], [1], [1, 0]])
def test_whoever_was_not_counted_or_found_one_full_has_to_ask(told: list[int] | None) -> None:
    with windows.counted_together([HOUR, MINUTE]):
        if told is not None:
            windows.counted(told)
        assert not windows.had_room()


def test_nothing_was_expected() -> None:
    assert not windows.had_room()
