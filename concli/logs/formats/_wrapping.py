r"""Regular expressions for one line, made fit for a whole chunk.

Matching a chunk in one call is several times faster than line by line, but anything may stand in a pattern. So
what matches a line feed by the way (``\s``, ``[^"]``, ``\W``) is rewritten not to, what would see the borders of
the chunk (``\A``, ``\Z``) is left to the slow way, and whoever matches still has to count the lines.
"""

import re
from typing import NamedTuple

__all__ = ["Wrapped", "wrap"]

# Each without the line feed: what stands alone, and what stands in a set.
_ALONE = {b"\\s": rb"[^\S\n]", b"\\W": rb"[^\w\n]", b"\\D": rb"[^\d\n]"}
_WITHIN = {
    b"\\s": rb" \t\r\f\v",
    b"\\W": rb"\x00-\x09\x0b-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\xff",
    b"\\D": rb"\x00-\x09\x0b-\x2f\x3a-\xff",
}
_TOKEN = re.compile(rb"\\.|\[\^?\]?|[^\\\[]+", re.DOTALL)
_SET_TOKEN = re.compile(rb"\\.|\]|[^\\\]]+", re.DOTALL)
_LOOKS_AROUND = re.compile(rb"\(\?<?[=!]")
_SEES_BORDERS = re.compile(rb"\\[AZzB]")
_SPELLS_LF = re.compile(rb"[\x00-\n]|\\(?:[nx0]|12|[at]-)")
_FLAGS = re.compile(rb"\A\(\?[aiLmsux]+\)")
_MESSAGE_LAST = re.compile(rb"(?<!\\)\(\?P<message>(?:\.|\[\^\\n\])\*\)\$?\Z")


class Wrapped(NamedTuple):
    """A pattern in three ways.

    ``whole`` matches any one line with its line feed; its last group is not empty if the line does not match, the
    one before is what follows the match, unless there is a group ``message``. It is None if it can't be made.
    ``line`` matches a line alone, without its end, and ``begins`` a line within a text. ``message_is_last`` if the
    group ``message`` goes to the end of the line.
    """

    whole: re.Pattern[bytes] | None
    line: re.Pattern[bytes]
    begins: re.Pattern[bytes]
    message_is_last: bool


def wrap(line: re.Pattern[bytes]) -> Wrapped:
    """Make ``line`` fit for a chunk."""
    source, flags = _FLAGS.sub(b"", line.pattern), line.flags
    whole, begins = None, line
    if not (flags & (re.VERBOSE | re.LOCALE | re.DOTALL) or _SEES_BORDERS.search(source) or _may_see_lf(source)):
        rest = rb"[^\n]*\n" if "message" in line.groupindex else rb"[ \t]*([^\n]*)\n"
        head = b"(?:" + _without_lf(source) + b")"
        try:
            whole = re.compile(head + rest + rb"|[^\n]*(\n)", flags | re.MULTILINE)
            begins = re.compile(head, flags | re.MULTILINE)
        except re.error:  # a conditional group or the like that is no more where it was
            whole = None
    is_last = not flags & (re.VERBOSE | re.DOTALL) and _MESSAGE_LAST.search(source) is not None
    return Wrapped(whole, line, begins, is_last)


def _may_see_lf(source: bytes) -> bool:
    """Tell whether a pattern may look at a line feed that a line alone would not have."""
    return _LOOKS_AROUND.search(source) is not None and _SPELLS_LF.search(source) is not None


def _without_lf(source: bytes) -> bytes:
    """Rewrite a pattern so that its classes of characters do not match line feeds."""
    parts, at = [], 0
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None:
            return source  # a backslash at the end, which does not compile
        at = token.end()
        text = token[0]
        if not text.startswith(b"["):
            parts.append(_ALONE.get(text, text))
            continue
        parts.append(b"[")
        if b"^" in text:
            parts.append(rb"^\n")
        if b"]" in text:
            parts.append(rb"\]")
        is_first = b"]" not in text
        while (token := _SET_TOKEN.match(source, at)) and token[0] != b"]":
            text = _WITHIN.get(token[0], token[0])
            if is_first and text.startswith(b"-"):
                text = b"\\" + text
            is_first = False
            parts.append(text)
            at = token.end()
        parts.append(b"]")
        at += 1
    return b"".join(parts)
