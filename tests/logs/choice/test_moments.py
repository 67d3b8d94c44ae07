from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.errors import UsageError
from concli.logs.choice.moments import Moment, compare, parse_moment
from tests.logs.columns import column_of

HOME = timezone(timedelta(hours=2))
NOW = datetime(2026, 3, 1, 0, 30, tzinfo=HOME)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "wall", "instant"),
    [
        ("2026-01-31", b"2026-01-31T00:00:00", None),
        ("2026-01-31T10:00", b"2026-01-31T10:00:00", None),
        ("2026-01-31 1:02:03,5", b"2026-01-31T01:02:03.5", None),
        ("2026-01-31t10:00Z", b"2026-01-31T12:00:00", utc(2026, 1, 31, 10)),
        ("2026-01-31 10:00 +05:30", b"2026-01-31T06:30:00", utc(2026, 1, 31, 4, 30)),
        ("2026-01-31T10:00:00-0800", b"2026-01-31T20:00:00", utc(2026, 1, 31, 18)),
        ("2026-01-31T10:00:00+01", b"2026-01-31T11:00:00", utc(2026, 1, 31, 9)),
        ("today", b"2026-03-01T00:00:00", utc(2026, 2, 28, 22)),
        ("Yesterday", b"2026-02-28T00:00:00", utc(2026, 2, 27, 22)),
        ("yesterday 8:15", b"2026-02-28T08:15:00", utc(2026, 2, 28, 6, 15)),
        ("0:10", b"2026-03-01T00:10:00", utc(2026, 2, 28, 22, 10)),
        ("now", b"2026-03-01T00:30:00", utc(2026, 2, 28, 22, 30)),
        ("2h ago", b"2026-02-28T22:30:00", utc(2026, 2, 28, 20, 30)),
        ("30m", b"2026-03-01T00:00:00", utc(2026, 2, 28, 22)),
        ("1d 12 hours ago", b"2026-02-27T12:30:00", utc(2026, 2, 27, 10, 30)),
        ("1.5min", b"2026-03-01T00:28:30", utc(2026, 2, 28, 22, 28, 30)),
        ("@0", b"1970-01-01T02:00:00", utc(1970, 1, 1)),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, wall: bytes, instant: datetime | None) -> None:
    assert parse_moment(text, NOW) == Moment(wall, instant)


def test_a_date_is_in_the_zone_that_is_given() -> None:
    zone = ZoneInfo("America/New_York")
    assert parse_moment("2026-07-01", NOW, zone) == Moment(b"2026-07-01T00:00:00", utc(2026, 7, 1, 4))
    assert parse_moment("today", NOW, zone) == Moment(b"2026-02-28T00:00:00", utc(2026, 2, 28, 5))


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-02-30", "25:00", "2026-01-01T10", "2h later", "h ago", "2 mo ago", "ago", "99999999999d",
     "@999999999999", "2026-01-01T10:00+99:00", "0000-01-01"],
)  # fmt: skip
def test_what_is_no_time_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(
        UsageError, match=r"^--since: '.*' is not a time|^--since: '.*': there is no such time"
    ) as error:
        parse_moment(text, NOW, option="--since")
    assert "\n" not in str(error.value)


OFFSETS = ["", "Z", "+00:00", "+05:30", "-08:00", "+14:00"]
INSTANTS = st.datetimes(datetime(2025, 12, 31, 10), datetime(2026, 1, 1, 14))  # noqa: DTZ001 - clocks on the wall
SHOWN = st.builds(
    lambda moment, fraction, offset: moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + offset,
    st.one_of(INSTANTS, st.just(datetime(2026, 1, 1))),  # noqa: DTZ001
    st.sampled_from(["", ".0", ".5", ".500", ".123456789"]),
    st.sampled_from(OFFSETS),
)
MOMENTS = st.builds(lambda shown: parse_moment(shown, NOW), SHOWN)


def sign(shown: str, moment: Moment) -> int:
    """Compare one timestamp with a moment, by the standard library and to the microsecond."""
    known = datetime.fromisoformat(shown)
    if known.tzinfo is None or moment.instant is None:
        other = datetime.fromisoformat(moment.wall.decode())
        known = known.replace(tzinfo=None)
    else:
        other = moment.instant
    if known == other and shown.count(".123456789"):
        return 1  # as nanoseconds are more than microseconds
    return (known > other) - (known < other)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), SHOWN), max_size=20), MOMENTS)
def test_timestamps_are_compared_as_instants_if_their_offsets_are_known(
    shown: list[str | None], moment: Moment
) -> None:
    column = column_of([None if each is None else each.encode() for each in shown])
    expected = [0 if each is None else sign(each, moment) for each in shown]
    assert compare(column, moment).tolist() == expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (b"2026-01-01", -1),
        (b"2026-01-01T10:00", 0),
        (b"2026-01-01T10:00:60", 1),
        (b"2026-01-01T10:00:00+1:00", 0),
        (b"2026-01-01T10:00:00+ab:cd", 0),
        (b"2026-01-01T10:00:00,5", 0),
        (b"2026-01-01T10:00:00.", 0),
        (b"2026-01-01T10:00:00.0000000000000000001", 1),
        (b"", -1),
        (b"\xff" * 30, 1),
    ],
)
def test_timestamps_of_other_shapes_are_compared_as_far_as_they_go(shown: bytes, expected: int) -> None:
    moment = Moment(b"2026-01-01T10:00:00", utc(2026, 1, 1, 10))
    assert compare(column_of([shown]), moment).tolist() == [expected]


def test_a_clock_that_shows_no_year_of_ours_does_no_harm() -> None:
    column = column_of([b"9999-12-31T23:59:59+14:00", b"0001-01-01T00:00:00-12:00"])
    assert compare(column, Moment(b"", datetime.max.replace(tzinfo=UTC))).tolist() == [-1, -1]
    assert compare(column, Moment(b"", datetime.min.replace(tzinfo=UTC))).tolist() == [1, 1]
