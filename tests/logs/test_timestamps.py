"""Timestamps of any shape to ISO 8601."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.formats.format import Reading
from concli.logs.timestamps import Stamper

MODIFIED = datetime(2026, 11, 23, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("2026-11-22T16:35:43Z", "2026-11-22T16:35:43Z"),
        ("2026-11-22 16:35:43,123", "2026-11-22T16:35:43.123"),
        ("2026-11-22T16:35:43.123456789+01:00", "2026-11-22T16:35:43.123456789+01:00"),
        ("2026-11-22 16:35:43.5 -0130", "2026-11-22T16:35:43.5-01:30"),
        ("2026-11-22 16:35:43 +03", "2026-11-22T16:35:43+03:00"),
        ("2026-11-22 16:37:14.938 UTC", "2026-11-22T16:37:14.938Z"),
        ("2026-11-22 16:37:14 GMT", "2026-11-22T16:37:14Z"),
        ("2026-11-22 16:37:14 CET", "2026-11-22T16:37:14"),
        ("2026-11-22 16:35", "2026-11-22T16:35:00"),
        ("2026-06-30 23:59:60", "2026-06-30T23:59:60"),
        ("22/Nov/2026:16:34:34 +0000", "2026-11-22T16:34:34+00:00"),
        ("22 Nov 2026 16:34:44.389", "2026-11-22T16:34:44.389"),
        ("22-Nov-2026 16:34:44", "2026-11-22T16:34:44"),
        ("Sun, 22 Nov 2026 16:34:44 +0100", "2026-11-22T16:34:44+01:00"),
        ("Nov 22 16:35:43", "2026-11-22T16:35:43"),
        ("Nov  2 16:35:43.25", "2026-11-02T16:35:43.25"),
        ("Nov 23 23:35:43", "2026-11-23T23:35:43"),
        ("Nov 24 00:00:01", "2025-11-24T00:00:01"),
        ("Dec 24 16:35:43", "2025-12-24T16:35:43"),
        ("Feb 29 00:00:00", "2024-02-29T00:00:00"),
        ("Nov 22, 2026 4:35:43 PM", "2026-11-22T16:35:43"),
        ("2026/11/22 16:34:34", "2026-11-22T16:34:34"),
        ("Sun Nov 22 16:35:43.123456 2026", "2026-11-22T16:35:43.123456"),
        ("Sun Nov 22 16:35:43 UTC 2026", "2026-11-22T16:35:43Z"),
        ("20261122 16:35:43", "2026-11-22T16:35:43"),
        ("20261122T163543.5Z", "2026-11-22T16:35:43.5Z"),
        ("20261122163543", "2026-11-22T16:35:43"),
        ("I1122 16:35:43.123456", "2026-11-22T16:35:43.123456"),
        ("1122 16:35:43.123456", "2026-11-22T16:35:43.123456"),
        ("11-22 16:35:43.123", "2026-11-22T16:35:43.123"),
        ("1795365343", "2026-11-22T16:35:43Z"),
        ("1795365343.25", "2026-11-22T16:35:43.25Z"),
        ("1795365343123", "2026-11-22T16:35:43.123Z"),
        ("1795365343123456", "2026-11-22T16:35:43.123456Z"),
        ("1795365343123456789", "2026-11-22T16:35:43.123456789Z"),
        ("22.11.2026 16:35", "2026-11-22T16:35:00"),
        ("11/22/2026 16:35:43", "2026-11-22T16:35:43"),
        ("22/11/2026 16:35:43", "2026-11-22T16:35:43"),
        ("11/11/2026 16:35:43", "2026-11-11T16:35:43"),
        ("11/12/2026, 12:35:43 AM", "2026-11-12T00:35:43"),
    ],
)
def test_each_shape_becomes_iso_8601(raw: str, iso: str) -> None:
    assert Stamper(Reading()).iso(raw.encode(), None, MODIFIED) == iso.encode()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("2026-02-29 00:00:00", "impossible date"),
        ("2026-13-01 00:00:00", "impossible date"),
        ("2026-00-01 00:00:00", "impossible date"),
        ("2026-01-00 00:00:00", "impossible date"),
        ("0000-01-01 00:00:00", "impossible date"),
        ("2026-01-01 24:00:00", "impossible date"),
        ("2026-01-01 00:60:00", "impossible date"),
        ("2026-01-01 00:00:61", "impossible date"),
        ("2026-01-01 00:00:00+24:00", "impossible date"),
        ("2026-01-01 13:00:00 PM", "impossible date"),
        ("Foo 30 00:00:00", "impossible date"),
        ("Feb 30 00:00:00", "impossible date"),
        ("11/12/2026 16:35:43", "ambiguous date"),
        ("", "no timestamp"),
        ("yesterday", "no timestamp"),
        ("123", "no timestamp"),
        ("2026-01-01 00:00:00\n", "no timestamp"),
        ("2026-01-01 00:00:00 x", "no timestamp"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(raw: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Stamper(Reading()).iso(raw.encode(), None, MODIFIED)


def test_a_zone_is_given_only_to_what_has_none_and_is_that_of_the_moment() -> None:
    stamper = Stamper(Reading(zone=ZoneInfo("Europe/Berlin")))
    assert stamper.iso(b"2026-07-01 12:00:00,5") == b"2026-07-01T12:00:00.5+02:00"
    assert stamper.iso(b"2026-12-01 12:00:00") == b"2026-12-01T12:00:00+01:00"
    assert stamper.iso(b"2026-12-01 12:00:00Z") == b"2026-12-01T12:00:00Z"
    assert Stamper(Reading(zone=timezone(timedelta(hours=-3.5)))).iso(b"2026-12-01 12:00:60") == (
        b"2026-12-01T12:00:60-03:30"
    )


def refusals() -> tuple[list[tuple[int, str]], Callable[[int, str], None]]:
    refused: list[tuple[int, str]] = []
    return refused, lambda number, why: refused.append((number, why))


def test_months_that_fall_by_more_than_six_are_of_the_next_year() -> None:
    stamper = Stamper(Reading())
    refused, refuse = refusals()
    stamper.start(2023, 0)
    raws = [b"Nov 22 00:00:00", b"", b"Dec 31 23:59:59", b"Jan  1 00:00:00", b"Dec 31 00:00:00", b"Feb 29 00:00:00"]
    years = [stamp[:4] for stamp in stamper.all(raws, refuse)]
    assert years == [b"2023", b"", b"2023", b"2024", b"2024", b""]  # in 2025 there is no 29th of February
    assert refused == [(5, "impossible date")]
    assert stamper.all([b"Jun 30 00:00:00"], refuse) == [b"2025-06-30T00:00:00"]  # it goes on where it was
    assert stamper.all([b"Jan  1 00:00:00"], refuse) == [b"2025-01-01T00:00:00"]
    stamper.start(2020, 0)
    assert stamper.all([b"Feb 29 00:00:00"], refuse) == [b"2020-02-29T00:00:00"]


def test_the_29th_of_february_may_be_the_first_of_the_new_year() -> None:
    stamper = Stamper(Reading())
    refused, refuse = refusals()
    stamper.start(2023, 0)
    assert stamper.all([b"Dec 31 23:59:59", b"Feb 29 00:00:00"], refuse)[1] == b"2024-02-29T00:00:00"
    assert refused == []


def test_another_year_is_not_answered_from_memory() -> None:
    stamper = Stamper(Reading())
    assert [stamper.iso(b"Nov 22 16:35:43", year)[:4] for year in (2020, 2021, 2020)] == [b"2020", b"2021", b"2020"]


@settings(deadline=None)
@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), st.sampled_from([",", "."]))  # noqa: DTZ001 - zones come in later
def test_every_moment_is_what_it_was(moment: datetime, mark: str) -> None:
    stamper = Stamper(Reading())
    text = f"{moment:%m-%dT%H:%M:%S}"
    fraction = f"{moment.microsecond:06}"
    raw = f"{moment.year:04}-{text}{mark}{fraction}".encode()
    assert stamper.iso(raw) == f"{moment.year:04}-{text}.{fraction}".encode()


@settings(deadline=None)
@given(st.binary(max_size=30) | st.text("0123456789:-/.,TZ+ JanNov").map(str.encode))
def test_whatever_it_is_there_is_an_answer(raw: bytes) -> None:
    stamper = Stamper(Reading(zone=UTC))
    try:
        found = stamper.iso(raw, None, MODIFIED)
        why = ""
    except ValueError as error:
        found, why = b"", str(error)
    assert why in ({""} if found else {"impossible date", "no timestamp", "ambiguous date"})
    if found:
        datetime.fromisoformat(found.decode()[:16])


def test_memory_is_bounded() -> None:
    stamper = Stamper(Reading())
    for number in range(40_000):
        stamper.iso(b"%d" % (1_000_000_000 + number))
    assert len(stamper._cache) <= 1 << 14


ROWS = [
    "2026-11-22T16:{0:02}:{1:02}.{2:03}Z",
    "2026-11-22 16:{0:02}:{1:02},{2:03}",
    "22/Nov/2026:16:{0:02}:{1:02} +0100",
    "Sun Nov 22 16:{0:02}:{1:02}.{2:06} 2026",
    "Nov 22, 2026 04:{0:02}:{1:02} PM",
    "Nov 22 16:{0:02}:{1:02}",
    "20261122T16{0:02}{1:02}",
    "17953{0:02}{1:02}3{2:06}",
    "17953{0:02}{1:02}3",
    "17953{0:02}{1:02}3.{2:03}",
    "2026-02-30 16:{0:02}:{1:02}",
    "2026-10-25 0{2:.1}:{0:02}:{1:02}",
    "x{0:02}:{1:02}:{2:02}",
]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 62), st.integers(0, 62), st.integers(0, 999)), min_size=1, max_size=80),
    st.sampled_from(ROWS),
    st.sampled_from([None, timezone(timedelta(hours=-3, minutes=-30)), ZoneInfo("Europe/Berlin")]),
    st.sampled_from([None, 2026]),
)
def test_many_of_one_width_are_as_each_by_itself(
    parts: list[tuple[int, int, int]], row: str, zone: ZoneInfo | None, year: int | None
) -> None:
    raws = [row.format(one, two, str(three) if ":.1" in row else three).encode() for one, two, three in parts]
    found, refused = [], []
    for times in (1, 40):  # so many that they are done as rows
        stamper, refusals = Stamper(Reading(zone=zone)), list[tuple[int, str]]()
        stamper.start(year, MODIFIED)
        lines = stamper.lines(raws * times, lambda number, why, to=refusals: to.append((number, why)))  # type: ignore[misc]
        found.append(lines.split(b"\n")[: len(raws)])
        refused.append([each for each in refusals if each[0] < len(raws)])
    stamper, refusals = Stamper(Reading(zone=zone)), list[tuple[int, str]]()
    stamper.start(year, MODIFIED)
    assert stamper.all(raws, lambda number, why: refusals.append((number, why))) == found[0] == found[1]
    assert refusals == refused[0] == refused[1]


def test_empty_ones_and_those_with_line_feeds_are_no_rows() -> None:
    raws = [b"2026-11-22 16:35:43", b"", b"2026-11-22\n16:35:43"] * 40
    stamper = Stamper(Reading())
    stamper.start(None, MODIFIED)
    refused: list[int] = []
    lines = stamper.lines(raws, lambda number, _: refused.append(number))
    assert lines.split(b"\n") == [b"2026-11-22T16:35:43", b"", b""] * 40
    assert refused == list(range(2, 120, 3))
