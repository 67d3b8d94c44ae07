"""The fallback: a timestamp of any common shape at the beginning, a level among the next words, the rest."""

from concli.logs.formats.regex import regex_format

__all__ = ["GENERAL"]

_CLOCK = rb"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?[AP]M)?"
_ZONE = rb"(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?(?![0-9A-Za-z])"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY_OF_WEEK = rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
_WITH_YEAR = rb"|".join(
    (
        rb"[0-9]{4}([-/.])[0-9]{2}\%d[0-9]{2}(?:[T_:]|,? )" + _CLOCK + _ZONE,
        rb"[0-9]{1,2}([-/ ])" + _MONTH + rb"\%d[0-9]{4}(?:[:T]|,? )" + _CLOCK + _ZONE,
        rb"[0-9]{8}[-T: ](?:" + _CLOCK + rb"|[0-9]{6})" + _ZONE,
        rb"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4},? " + _CLOCK + _ZONE,
        rb"[0-9]{1,2}([-/])[0-9]{1,2}\%d[0-9]{4},? " + _CLOCK + _ZONE,
        rb"[0-9]{10}(?:\.[0-9]+|[0-9]{3}|[0-9]{6}|[0-9]{9})?(?![0-9A-Za-z.:-])",
    )
)
_NAMED = rb" {1,2}[0-9]{1,2}(?:,? [0-9]{4},?)? " + _CLOCK + _ZONE + rb"(?: [0-9]{4}(?![0-9]))?"
_SHORT = rb"-[0-9]{2} " + _CLOCK + _ZONE

_WORDS = (
    rb"INFO(?:RMATION)?|D(?:EBUG|BG)|W(?:ARN(?:ING)?|RN)|E(?:RR(?:OR)?|MERG(?:ENCY)?)|TRACE|VERBOSE|NOTICE|"
    rb"F(?:ATAL|INE(?:R|ST)?)|C(?:RIT(?:ICAL)?|ONFIG)|SEVERE|ALERT|PANIC"
)
# The next word may be a level in any case; of those behind it, only in capitals.
_LEVEL = (
    rb"(?:(?:(?=(?:[^\s]++ ){1,3}?[\[(<|]{0,2}[A-Z]{3})"
    rb"(?P<context>[^\s]{1,200}(?: [^\s]{1,200}){0,2}?) )??[\[(<|]{0,2}"
    rb"(?P<level>(?(context)(?:"
    + _WORDS
    + rb")|(?i:"
    + _WORDS
    + rb")))(?![A-Za-z0-9_=/.-])[\])>|]{0,2}[:,]?(?: [|-] |[ \t]*))?"
)


def _stamps(first_group: int) -> bytes:
    """Return the timestamps with a year, whose groups for what separates the parts begin with ``first_group``."""
    return _WITH_YEAR % (first_group, first_group + 1, first_group + 2)


GENERAL = regex_format(
    "general",
    "any line with a timestamp at its beginning, and maybe a level behind it",
    b"2026-05-09 07:29:16 status installed libxss-dev:amd64 1:1.2.3-1",
    rb"[\[<(]?(?P<timestamp>"
    + _stamps(2)
    + rb"|"
    + _DAY_OF_WEEK
    + _MONTH
    + _NAMED
    + rb"|[0-9]{2}"
    + _SHORT
    + rb")[\]>)]?[:,;|]?[ \t]*(?:[-|] )?"
    + _LEVEL
    + rb"(?P<message>.*)",
    begins=rb"[\[<(]?(?:"
    + _stamps(1)
    + rb"|"
    + _DAY_OF_WEEK
    + rb"(?P<month>"
    + _MONTH
    + rb")"
    + _NAMED
    + rb"|[0-9]{2}"
    + _SHORT
    + rb")",
    month="month",
)
