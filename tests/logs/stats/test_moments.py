"""Moments are those that datetime makes of the same text."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.stats.moments import NO_MOMENT, iso, moments_of
from tests.logs.stats.rows import column_of


def read(*texts: str | None) -> list[int]:
    column = column_of([None if text is None else text.encode() for text in texts])
    found: list[int] = moments_of(column, np.arange(len(texts))).at.tolist()
    return found


def exactly(text: str) -> int:
    moment = dt.datetime.fromisoformat(text)
    zero = dt.datetime(1970, 1, 1, tzinfo=dt.UTC if moment.tzinfo else None)
    return (moment - zero) // dt.timedelta(microseconds=1)


zones = st.none() | st.integers(-14 * 60, 14 * 60).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
moments = st.datetimes(
    dt.datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    dt.datetime(9999, 12, 30),  # noqa: DTZ001 - as above
    timezones=zones,  # type: ignore[arg-type]
)


@settings(deadline=None)
@given(st.lists(moments.map(dt.datetime.isoformat), max_size=8))
def test_a_timestamp_is_read_as_datetime_reads_it(texts: list[str]) -> None:
    assert read(*texts) == [exactly(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("2026-03-01T10:20:30Z", "2026-03-01T10:20:30+00:00"),
        ("2026-03-01 10:20:30", "2026-03-01T10:20:30"),
        ("2026-03-01T10:20:30,5", "2026-03-01T10:20:30.500000"),
        ("2026-03-01T10:20:30.123456789Z", "2026-03-01T10:20:30.123456+00:00"),
        ("2026-03-01T10:20:60", "2026-03-01T10:21:00"),
    ],
)
def test_other_spellings_are_read_too(text: str, like: str) -> None:
    assert read(text, "2026-01-01T00:00:00") == [exactly(like), exactly("2026-01-01T00:00:00")]


def test_what_is_no_timestamp_has_no_moment() -> None:
    assert read(None, "", "soon", "2026-03-01T1x:20:30", "2026-03-01T10:20:30")[:4] == [NO_MOMENT] * 4


def test_those_with_an_offset_are_counted() -> None:
    column = column_of([b"2026-03-01T10:20:30Z", b"2026-03-01T10:20:30", b"2026-03-01T10:20:30-01:00"])
    assert moments_of(column, np.arange(3)).zoned == 2


def test_a_moment_is_written_as_short_as_it_can_be() -> None:
    assert iso(exactly("2026-03-01T10:20:30.120000"), zoned=False) == "2026-03-01T10:20:30.12"
    assert iso(1 << 62, zoned=True) == "beyond the calendar"
