"""Which format an input is of, told from its beginning."""

from collections.abc import Iterable
from typing import NamedTuple

from concli.logs.formats.format import Format

__all__ = ["Detection", "detect"]

_SAMPLE = 64 * 1024
_LINES = 400
_LINE = 4096  # of a longer line, its beginning tells enough
# A format is preferred to those behind it unless it makes entries of fewer than this share of what another does.
_NEARLY = 0.9
_LEAST = 0.1
_FALLBACK = "general"
_FIRST = "base"


class Detection(NamedTuple):
    """A format, and how many of the lines looked at it accounts for; blank ones are not looked at."""

    format: Format
    matched: int
    lines: int

    @property
    def share(self) -> float:
        """The share of the lines that the format accounts for, from 0 to 1."""
        return self.matched / self.lines if self.lines else 0.0

    def __str__(self) -> str:
        return f"{self.format.name} ({self.matched} of the first {self.lines} lines)"


class _Fit(NamedTuple):
    """How a format fits: the lines that begin an entry, and those of entries, whether they begin or go on."""

    format: Format
    entries: int
    matched: int


def detect(sample: bytes, formats: Iterable[Format]) -> Detection:
    """Tell which of ``formats`` the beginning of an input is of.

    It is the one that makes most entries, and of those that make nearly as many the first. The general one is
    chosen only if it makes more than twice as many as any other. If none fits it is the first, which then rejects
    what it does not know. ``formats`` are looked at only until one fits all lines.
    """
    lines = _lines(sample)
    fits: list[_Fit] = []
    for each in formats:
        fit = _fit(each, lines)
        fits.append(fit)
        if lines and (fit.entries >= _NEARLY * len(lines) or _is_base(fit, lines) or _is_unmistakable(fit, lines)):
            break
    return _chosen(fits, lines)


def _lines(sample: bytes) -> list[bytes]:
    """Return the first lines, without the blank ones and one that is cut off."""
    lines = sample[:_SAMPLE].split(b"\n")
    if len(lines) > 1:
        lines.pop()  # nothing, or what is cut off
    return [line[:_LINE].removesuffix(b"\r") for line in lines if line and not line.isspace()][:_LINES]


def _fit(of: Format, lines: list[bytes]) -> _Fit:
    begins = list(map(of.begins.match, lines))
    entries = len(lines) - begins.count(None)
    if not entries or not of.joins:
        return _Fit(of, entries, entries)
    first = next(number for number, match in enumerate(begins) if match)
    return _Fit(of, entries, len(lines) - first)


def _is_base(fit: _Fit, lines: list[bytes]) -> bool:
    """Tell whether it is the base format, of which no other has a line, though some lines go on."""
    return fit.format.name == _FIRST and fit.matched == len(lines) and 2 * fit.entries >= len(lines)


def _is_unmistakable(fit: _Fit, lines: list[bytes]) -> bool:
    """Tell whether it is a format that begins as no other does, though what goes on may look like another's lines."""
    return fit.format.is_unmistakable and fit.matched == len(lines)


def _chosen(fits: list[_Fit], lines: list[bytes]) -> Detection:
    special = [fit for fit in fits if fit.format.name != _FALLBACK]
    general = [fit for fit in fits if fit.format.name == _FALLBACK]
    most = max((fit.entries for fit in special), default=0)
    chosen = next((fit for fit in special if fit.entries >= _NEARLY * most), None) if most else None
    if general and general[0].entries > 2 * most:
        chosen = general[0]
    if fits and _is_unmistakable(fits[-1], lines):
        chosen = fits[-1]
    if not chosen or (chosen.entries < _LEAST * len(lines) and 2 * chosen.matched < len(lines)):
        chosen = fits[0]
    return Detection(chosen.format, chosen.matched, len(lines))
