import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.line_finder import LineFinder, line_starts, positions_of


@settings(deadline=None)
@given(st.lists(st.integers(0, 200), max_size=60), st.integers(0, 40))
def test_every_line_feed_is_found_and_nothing_else(lengths: list[int], rest: int) -> None:
    text = b"".join(b"x" * length + b"\n" for length in lengths)
    buffer = bytearray(text + b"x" * rest + b"\n" * 64)  # what lies behind does not count
    size = len(text) + rest
    found = positions_of(LineFinder().mark(buffer, size))
    assert found.tolist() == [place for place, byte in enumerate(buffer[:size]) if byte == ord("\n")]


def test_a_finder_that_has_seen_a_long_text_finds_nothing_old_in_a_short_one() -> None:
    finder = LineFinder()
    finder.mark(bytearray(b"\n" * 100), 100)
    assert positions_of(finder.mark(bytearray(b"x" * 17 + b"\n"), 18)).tolist() == [17]


def test_lines_start_behind_the_ends_before_them() -> None:
    assert line_starts(np.array([3, 4, 9])).tolist() == [0, 4, 5]
