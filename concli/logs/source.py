"""What is read, and of which format each input is found to be."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from concli.errors import InputError
from concli.logs._garbage import no_collections
from concli.logs.chunk import Chunk
from concli.logs.detect import Detection, detect
from concli.logs.encodings import UTF_8
from concli.logs.entries import Scan
from concli.logs.formats.base import BASE
from concli.logs.formats.format import EntryScanner, Format, Reading
from concli.logs.formats.registry import all_formats
from concli.logs.inputs import Input
from concli.logs.line_finder import LineFinder
from concli.logs.reader import Reader
from concli.logs.replay import replayed

__all__ = ["Formats", "Scanners", "Source"]


class Source(NamedTuple):
    """What is read, and how.

    ``inputs`` are paths of files and directories, patterns of these, and ``-`` for standard input. ``formats`` are
    those among which each input's is chosen, all that are built in if there are none. ``encoding``, ``year``
    and ``follow`` are as for ``Reader``.
    """

    inputs: tuple[str, ...]
    reading: Reading = Reading()
    formats: tuple[Format, ...] = ()
    encoding: str = UTF_8
    year: int | None = None
    follow: bool = False

    def reader(
        self,
        inputs: Sequence[Input],
        report: Callable[[InputError], object],
        formats: "Formats",
        chunk_bytes: int | None = None,
    ) -> Reader:
        """Return a reader of what the inputs have been expanded to. Raises ``UsageError``."""
        return Reader(
            inputs,
            report,
            self.reading.max_line,
            encoding=self.encoding,
            choose=formats,
            reading=self.reading,
            year=self.year,
            follow=self.follow,
            chunk_bytes=chunk_bytes,
        )


class Formats:
    """Chooses the format of each input by its first lines, and remembers how sure that was."""

    def __init__(self, among: Sequence[Format] = ()) -> None:
        self._among = tuple(among)
        #: By the name of the input.
        self.found: dict[str, Detection] = {}

    def __call__(self, name: str, head: bytes) -> Format:
        """Return the format of an input that begins so."""
        found = self.found[name] = detect(head, self._formats())
        return found.format

    def _formats(self) -> Iterator[Format]:
        return iter(self._among) if self._among else all_formats()

    def summary(self) -> list[dict[str, object]]:
        """Return, for each format, how many inputs are of it, and how sure that is of the least certain of them."""
        by_format: dict[str, list[tuple[str, Detection]]] = {}
        for name, found in list(self.found.items()):
            by_format.setdefault(found.format.name, []).append((name, found))
        rows: list[dict[str, object]] = []
        for format_name, inputs in by_format.items():
            name, least = min(inputs, key=lambda one: one[1].share)
            rows.append({"format": format_name, "inputs": len(inputs), "share": least.share, "least_certain": name})
        return rows


class Scanners:
    """The scanner of each format, for one thread."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._made: dict[str, EntryScanner] = {}
        self._finder = LineFinder()

    def scan(self, chunk: Chunk) -> Scan:
        """Tell what became of every line of ``chunk``."""
        chosen = chunk.format or BASE
        scanner = self._made.get(chosen.name)
        if scanner is None:
            scanner = self._made[chosen.name] = chosen.scanner(self._reading)
        with no_collections():
            return scanner.scan(replayed(chunk, self._finder))
