"""The shapes that timestamps have, and the calendar that they are held against."""

import re

__all__ = ["IMPOSSIBLE", "SHAPES", "days_of", "month_and_day", "offset_of", "spelled_offset"]

IMPOSSIBLE = "impossible date"
_AMBIGUOUS = "ambiguous date"

_MONTHS = {
    name: number
    for number, name in enumerate(
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"], 1
    )
}
_DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

_CLOCK = (
    rb"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    rb"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_ZONE = rb"(?:\s*(?P<zone>[Zz]|(?:UTC|GMT)?[+-][0-9]{2}(?::?[0-9]{2})?|[A-Z]{1,5}))?"
_WEEKDAY = rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?"
_NAME = rb"(?P<name>[A-Za-z]{3})[a-z]*"
SHAPES = [
    re.compile(_WEEKDAY + shape + rb"\Z")
    for shape in (
        rb"(?P<year>[0-9]{4})(?P<between>[-/.])(?P<month>[0-9]{1,2})(?P=between)(?P<day>[0-9]{1,2})(?:[Tt_:]|,? +)"
        + _CLOCK
        + _ZONE,
        rb"(?P<day>[0-9]{1,2})[-/ ]" + _NAME + rb"[-/ ](?P<year>[0-9]{4})(?:[:T]|,? +)" + _CLOCK + _ZONE,
        _NAME + rb" +(?P<day>[0-9]{1,2})(?:,? +(?P<year>[0-9]{4}),?)? +" + _CLOCK + _ZONE,
        _NAME + rb" +(?P<day>[0-9]{1,2}) +" + _CLOCK + _ZONE + rb" +(?P<year>[0-9]{4})",
        rb"[IWEFDV]?(?P<month>[0-9]{2})-?(?P<day>[0-9]{2})[ T]" + _CLOCK + _ZONE,
        rb"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})[-T: ]" + _CLOCK + _ZONE,
        rb"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})[-T: ]?"
        rb"(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?" + _ZONE,
        rb"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4}),? +" + _CLOCK + _ZONE,
        rb"(?P<one>[0-9]{1,2})(?P<between>[-/])(?P<two>[0-9]{1,2})(?P=between)(?P<year>[0-9]{4}),? +" + _CLOCK + _ZONE,
        rb"(?P<epoch>[0-9]{9,10})(?:[.,](?P<fraction>[0-9]+))?",
        rb"(?P<epoch>[0-9]{10})(?P<fraction>[0-9]{3}|[0-9]{6}|[0-9]{9})",
        rb"(?P<epoch>[0-9]{10})(?P<fraction>[0-9]{3})\.[0-9]+",
    )
]


def month_and_day(found: dict[str, bytes | None]) -> tuple[int, int]:
    """Return the month, 0 for a name that is none's, and the day, from the groups of a shape."""
    name = found.get("name")
    if name:
        return _MONTHS.get(name.lower(), 0), int(found["day"] or 0)
    if not found.get("one"):
        return int(found["month"] or 0), int(found["day"] or 0)
    one, two = int(found["one"] or 0), int(found["two"] or 0)
    if one > len(_MONTHS) or (one == two and not found.get("half")):
        return two, one
    if two > len(_MONTHS) or found.get("half"):
        return one, two
    raise ValueError(_AMBIGUOUS)


def days_of(year: int, month: int) -> int:
    """Return how many days a month has."""
    return _DAYS[month] + (month == 2 and ((year % 4 == 0 and year % 100 != 0) or year % 400 == 0))


def offset_of(zone: bytes) -> bytes:
    """Return a zone as ISO 8601 has it, nothing for a name that is not everywhere the same."""
    if zone in {b"Z", b"z", b"UTC", b"GMT", b"UT"}:
        return b"Z"
    digits = re.sub(rb"[^0-9]", b"", zone)
    if not digits:
        return b""
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(IMPOSSIBLE)
    return b"%b%02d:%02d" % (b"-" if b"-" in zone else b"+", hours, minutes)


def spelled_offset(minutes: int) -> bytes:
    """Return an offset as ISO 8601 has it."""
    return b"%b%02d:%02d" % (b"-" if minutes < 0 else b"+", *divmod(abs(minutes), 60))
