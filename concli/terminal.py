"""Text from outside, made safe to show on a terminal."""

import re

__all__ = ["visible"]

# C0 and C1 control characters but tab and line feed, what reorders text, and lone surrogates
# (which stand for bytes that are not UTF-8).
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Return ``text`` with what a terminal would obey written as an escape.

    >>> visible("\x1b[31mred")
    '\\x1b[31mred'
    """
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # a byte that could not be decoded
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
