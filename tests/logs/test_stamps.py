"""Timestamps of many lines at once equal those made one by one, and these what the calendar says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.stamps import ACCESS, BSD, ISO, SHORT, Moment, Place, Stamper

MODIFIED = datetime(2026, 11, 22, 16, tzinfo=UTC).timestamp()
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

MILLIS = Place(ISO, 3)
MICROS_OFFSET = Place(ISO, 6, slice(26, 32))
CLF = Place(ACCESS, 0, slice(21, 26))


def stamper_of(zone: tzinfo | None = None, year: int | None = None, modified: float = MODIFIED) -> Stamper:
    stamper = Stamper(zone)
    stamper.begin(year, modified)
    return stamper


def at_once(stamper: Stamper, place: Place, texts: list[bytes]) -> list[bytes | None]:
    """Write timestamps at once; None is for what is not good."""
    data = b"".join(text.ljust(32, b"-") for text in texts)
    words = np.frombuffer(data, "<u8").reshape(-1, 4).T.copy()
    buffer, width, lengths, is_good = stamper.stamps(words, place)
    return [
        bytes(buffer[number * width : number * width + length]) if good else None
        for number, (length, good) in enumerate(zip(lengths.tolist(), is_good.tolist(), strict=True))
    ]


def one_by_one(stamper: Stamper, place: Place, texts: list[bytes]) -> list[bytes | None]:
    moments = [place.style.moment(text) for text in texts]
    return [stamper.text(moment) if moment else None for moment in moments]


def digits(limit: int) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(0, limit), st.integers(0, limit), st.integers(0, 99))


PARTS = st.tuples(
    st.sampled_from([0, 1999, 2000, 2024, 2026]), digits(12), digits(31), digits(23), digits(59), digits(59), digits(23)
)
SPELLINGS: list[tuple[Place, Callable[..., str]]] = [
    (Place(ISO), lambda y, mo, d, h, m, s, _: f"{y:04}-{mo:02}-{d:02} {h:02}:{m:02}:{s:02}"),
    (MILLIS, lambda y, mo, d, h, m, s, o: f"{y:04}-{mo:02}-{d:02} {h:02}:{m:02}:{s:02},{o:03}"),
    (MICROS_OFFSET, lambda y, mo, d, h, m, s, o: f"{y:04}-{mo:02}-{d:02}T{h:02}:{m:02}:{s:02}.{o:06}+{o:02}:{m:02}"),
    (Place(ISO, 3, slice(23, 24)), lambda y, mo, d, h, m, s, o: f"{y:04}-{mo:02}-{d:02}T{h:02}:{m:02}:{s:02}.{o:03}Z"),
    (Place(SHORT), lambda y, mo, d, h, m, s, _: f"{y % 100:02}/{mo:02}/{d:02} {h:02}:{m:02}:{s:02}"),
    (CLF, lambda y, mo, d, h, m, s, o: f"{d:02}/{MONTHS[mo % 12]}/{y:04}:{h:02}:{m:02}:{s:02} -{o:02}{m:02}"),
    (Place(BSD), lambda _, mo, d, h, m, s, __: f"{MONTHS[mo % 12]} {d:2} {h:02}:{m:02}:{s:02}"),
]
ZONES = [None, UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")]


@settings(deadline=None, max_examples=50)
@given(
    spelling=st.sampled_from(SPELLINGS),
    zone=st.sampled_from(ZONES),
    parts=st.lists(PARTS, min_size=1, max_size=8),
    repeat=st.integers(1, 3),
)
def test_at_once_is_as_one_by_one(
    spelling: tuple[Place, Callable[..., str]], zone: tzinfo | None, parts: list[tuple[int, ...]], repeat: int
) -> None:
    place, spell = spelling
    texts = [spell(*each).encode() for each in parts for _ in range(repeat)]
    expected = one_by_one(stamper_of(zone), place, texts)
    for text, found, slow in zip(texts, at_once(stamper_of(zone), place, texts), expected, strict=True):
        if found is None:  # to be asked for one by one: leap seconds, and hours in which the clocks are changed
            assert slow is None or text[place.style.time + 6 :].startswith(b"60") or zone not in {None, UTC}
        else:
            assert found == slow


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1980, 1, 1)), st.sampled_from(ZONES[1:]))  # noqa: DTZ001 - as they come
def test_a_moment_is_spelled_as_the_standard_library_does(when: datetime, zone: tzinfo) -> None:
    text = when.isoformat(" ", "microseconds").encode()
    moment = ISO.moment(text)
    assert moment
    assert stamper_of().text(moment) == when.isoformat("T", "microseconds").encode()
    assert stamper_of(zone).text(moment) == when.replace(tzinfo=zone).isoformat("T", "microseconds").encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"2026-11-22 16:35:43,989", b"2026-11-22T16:35:43.989"),
        (b"2026-11-22T16:35:43.989Z", b"2026-11-22T16:35:43.989Z"),
        (b"2026-11-22 16:35:43 +0100", b"2026-11-22T16:35:43+01:00"),
        (b"2026-11-22 16:35:43.1-01:00", b"2026-11-22T16:35:43.1-01:00"),
        (b"2016-12-31 23:59:60", b"2016-12-31T23:59:60"),
        (b"2026-02-29 10:00:00", None),
        (b"2026-11-22 24:00:00", None),
        (b"2026-11-22 16:60:00", None),
        (b"2026-11-22 16:35:61", None),
        (b"2026-11-22 16:35:43 +2400", None),
        (b"2026-11-22 16:35:43 +0160", None),
        (b"0000-11-22 16:35:43", None),
    ],
)
def test_timestamps_are_iso_8601_and_impossible_ones_are_none(text: bytes, expected: bytes | None) -> None:
    moment = ISO.moment(text)
    assert moment
    assert stamper_of().text(moment) == expected


@pytest.mark.parametrize(
    ("modified", "text", "year"),
    [
        (datetime(2026, 11, 22, tzinfo=UTC), b"Nov 22 10:00:00", 2026),
        (datetime(2026, 11, 22, tzinfo=UTC), b"Nov 24 10:00:00", 2025),
        (datetime(2026, 1, 2, tzinfo=UTC), b"Dec 31 10:00:00", 2025),
        (datetime(2026, 12, 31, 20, tzinfo=UTC), b"Jan  1 10:00:00", 2027),
        (datetime(2026, 11, 22, tzinfo=UTC), b"Feb 29 10:00:00", 2024),
    ],
)
def test_a_year_is_the_last_that_is_not_later_than_the_file(modified: datetime, text: bytes, year: int) -> None:
    stamper = stamper_of(modified=modified.timestamp())
    (found,) = at_once(stamper, Place(BSD), [text])
    assert found
    assert found.startswith(b"%d-" % year)
    assert one_by_one(stamper, Place(BSD), [text]) == [found]


def test_a_year_goes_on_when_the_month_falls() -> None:
    texts = [b"Nov 30 10:00:00", b"Dec 31 23:59:59", b"Jan  1 00:00:00", b"Dec 31 23:59:59", b"Feb  1 10:00:00"]
    found = at_once(stamper_of(year=2026), Place(BSD), texts)
    assert [text and text[:4] for text in found] == [b"2026", b"2026", b"2027", b"2026", b"2027"]
    many = [b"%s  1 10:00:00" % month.encode() for _ in range(3) for month in MONTHS]
    years = [text and int(text[:4]) for text in at_once(stamper_of(year=2026), Place(BSD), many)]
    assert years == [2026] * 12 + [2027] * 12 + [2028] * 12


def test_a_leap_second_before_new_year_keeps_its_year() -> None:
    stamper = stamper_of(year=2016)
    texts = [b"Dec 31 23:59:59", b"Dec 31 23:59:60", b"Jan  1 00:00:00"]
    assert at_once(stamper, Place(BSD), texts) == [b"2016-12-31T23:59:59", None, b"2017-01-01T00:00:00"]
    assert stamper.text(Moment(-1, 12, 31, 23, 59, 60)) == b"2016-12-31T23:59:60"


def test_an_hour_in_which_the_clocks_change_is_left_to_be_asked_for() -> None:
    stamper = stamper_of(ZoneInfo("Asia/Kathmandu"))  # which went from +05:30 to +05:45 at midnight
    texts = [b"1985-12-31 23:00:00", b"1986-01-01 01:00:00"]
    assert at_once(stamper, Place(ISO), texts) == [b"1985-12-31T23:00:00+05:30", b"1986-01-01T01:00:00+05:45"]
    apia = stamper_of(ZoneInfo("America/St_Johns"))  # which changed its clocks a minute past midnight
    texts = [b"2006-10-29 00:00:30", b"2006-10-29 00:00:59", b"2006-10-29 12:00:00"]
    found = at_once(apia, Place(ISO), texts)
    assert found[2] == b"2006-10-29T12:00:00-03:30"
    assert one_by_one(apia, Place(ISO), texts)[0] == b"2006-10-29T00:00:30-02:30"


def test_what_is_known_is_forgotten_when_it_gets_much() -> None:
    stamper = stamper_of()
    start = datetime(2000, 1, 1)  # noqa: DTZ001 - it has no zone on purpose
    texts = [(start + timedelta(hours=hour)).isoformat(" ").encode() for hour in range(11_000)]
    assert at_once(stamper, Place(ISO), texts) == [text.replace(b" ", b"T") for text in texts]
    stamper.begin(None, MODIFIED)
    assert stamper._moments == {}
