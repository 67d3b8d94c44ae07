"""Timestamps as numbers are in the order of their moments."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.entries import Column
from concli.logs.output.instants import NO_INSTANT, instants
from tests.logs.output.rows import entries_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FIRST, LAST = datetime.fromisoformat("1680-01-01"), datetime.fromisoformat("2260-01-01")
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.one_of(st.none(), OFFSETS))


def instants_of(stamps: list[bytes | None]) -> list[int]:
    made = entries_of([{} if stamp is None else {"timestamp": stamp} for stamp in stamps], padding=0)
    return list(map(int, instants(made.timestamps)))


@settings(deadline=None)
@given(st.lists(MOMENTS, min_size=1))
def test_they_are_what_the_calendar_says(moments: list[datetime]) -> None:
    aware = [moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments]
    expected = [(moment - EPOCH) // timedelta(microseconds=1) * 1000 for moment in aware]
    assert instants_of([moment.isoformat().encode() for moment in moments]) == expected


def test_fractions_have_up_to_nine_digits_and_z_is_utc() -> None:
    stamps: list[bytes | None] = [
        b"1970-01-01T00:00:00" + rest for rest in (b".1", b".123456789Z", b".000000001+00:00")
    ]
    assert instants_of(stamps) == [100_000_000, 123_456_789, 1]


def test_what_is_missing_or_no_timestamp_has_none_and_odd_years_are_far_away() -> None:
    found = instants_of([None, b"", b"10:00", b"yyyy-mm-ddThh:mm:ss", b"9999-12-31T23:59:60", b"0001-01-01T00:00:00"])
    assert found[:4] == [NO_INSTANT] * 4
    assert found[5] < 0 < found[4]


@given(st.lists(st.binary(max_size=40)))
def test_arbitrary_bytes_do_no_harm(stamps: list[bytes]) -> None:
    assert len(instants_of(list(stamps))) == len(stamps)


def test_no_timestamps_are_no_instants() -> None:
    nothing = np.empty(0, np.int64)
    assert instants(Column(b"", nothing, nothing)).tolist() == []
