"""From a file to the text in it: unpacked, decoded, and from the place on where it is to be read."""

import os
from contextlib import closing
from typing import NamedTuple

from concli.logs.compressed import Unpacker, kind_of
from concli.logs.conversion import Converted
from concli.logs.encodings import UTF_8, Decoder, detect_encoding
from concli.logs.inputs import Input, InputFile, Place, Readable

__all__ = ["Text", "is_compressed", "open_text"]


class Text(NamedTuple):
    """The text of an input, as UTF-8, from ``start`` on; whether it comes from something compressed."""

    file: Readable
    start: Place
    is_unpacked: bool


def open_text(file: Readable, encoding: str = UTF_8, start: Place = Place()) -> Text:  # noqa: B008 - never changed
    """Return the text of ``file``, which must be at its beginning.

    Its offsets are those in the file, or if it is compressed or decoded, those in what comes of it. A mark that says
    that it is UTF-8 is no part of it. Raises ``OSError``.
    """
    kind = kind_of(file)
    if kind:
        file = Converted(file, Unpacker(kind))
    own, mark_bytes = detect_encoding(file, encoding)
    if own != UTF_8:
        file.skip(mark_bytes)
        file, mark_bytes = Converted(file, Decoder(own)), 0
    if start.offset < mark_bytes:
        start = start._replace(offset=mark_bytes)
    file.skip(start.offset)
    return Text(file, start, kind is not None)


def is_compressed(path: str) -> bool:
    """Return whether the regular file at ``path`` is compressed in a way that is known here."""
    never, writer = os.pipe()
    try:
        with closing(InputFile(Input(path, path, None, None), never)) as file:
            return kind_of(file) is not None
    except OSError:
        return False
    finally:
        os.close(never)
        os.close(writer)
