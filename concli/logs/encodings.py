"""Text in other encodings, turned into UTF-8."""

import codecs
import re

from concli.errors import UsageError
from concli.logs.inputs import Readable

__all__ = ["UTF_8", "Decoder", "check_encoding", "detect_encoding"]

#: The encoding that needs no decoding.
UTF_8 = "utf-8"

# The longer first: that of UTF-32 begins as that of UTF-16 does.
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF8: UTF_8,
}
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_encoding(name: str) -> str:
    """Return the usual name of an encoding of text that Python knows. Raises ``UsageError``."""
    try:
        usual = codecs.lookup(name).name
        Decoder(usual).feed(b"a\xff", 0)
    except (LookupError, ValueError, OSError) as error:
        raise UsageError(f"{name!r} is no encoding of text; use utf-8, utf-16, latin-1 or cp1252, say") from error
    return usual


def detect_encoding(file: Readable, encoding: str) -> tuple[str, int]:
    """Return the encoding of ``file`` and the bytes of the mark at its beginning that says so.

    It is ``encoding`` unless that is UTF-8, of which UTF-16 and UTF-32 with a mark are told apart.
    """
    if encoding != UTF_8:
        return encoding, 0
    head = file.peek(1)
    while any(len(mark) > len(head) and mark.startswith(head) for mark in _BOMS):
        longer = file.peek(len(head) + 1)
        if len(longer) == len(head):
            break
        head = longer
    return next(((name, len(mark)) for mark, name in _BOMS.items() if head.startswith(mark)), (UTF_8, 0))


class Decoder:
    """Turns text into UTF-8. What can't be decoded becomes U+FFFD."""

    needs_input = True

    def __init__(self, encoding: str) -> None:
        """Raise ``LookupError`` if there is no such encoding of text."""
        b"a".decode(encoding, "replace")  # which tells encodings of text from others
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def feed(self, data: bytes, limit: int) -> bytes:  # noqa: ARG002 - what is fed is little
        """Return what comes of ``data``. Raises ``OSError`` if a decoder fails all the same."""
        return self._decode(data, final=False)

    def finish(self) -> bytes:
        """Return what comes of the end of the data."""
        return self._decode(b"", final=True)

    def _decode(self, data: bytes, *, final: bool) -> bytes:
        try:
            text = self._decoder.decode(data, final)
        except UnicodeError as error:
            raise OSError(f"this can't be decoded: {error}") from error
        try:
            return text.encode()
        except UnicodeEncodeError:  # some decoders let halves of characters through
            return _SURROGATE.sub("\ufffd", text).encode()
