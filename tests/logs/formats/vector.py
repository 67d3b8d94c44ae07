"""What holds for every format that is scanned by vector operations: it equals its regular expression, line by line."""

import re
from collections.abc import Callable
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from concli.logs.chunk import PADDING, Chunk
from concli.logs.entries import Scan
from concli.logs.formats import _vector
from concli.logs.formats._vector import Grammar, VectorScanner
from concli.logs.formats.format import Format, Reading
from concli.logs.line_finder import LineFinder
from concli.logs.stamps import Stamper

MODIFIED = 1_795_365_343.0  # 2026-11-22 16:35:43 UTC
Entry = dict[str, bytes | None]


def chunk_of(data: bytes, **known: Any) -> Chunk:
    """Return a chunk, in whose padding is what could be taken for more of a line."""
    text = data if data.endswith(b"\n") else data + b"\n"
    chunk = Chunk(bytearray(text + (b' - ] "[: ' * 9)[:PADDING]), size=len(text), modified=MODIFIED)
    for name, value in known.items():
        setattr(chunk, name, value)
    chunk.mark_lines(LineFinder())
    return chunk


def scanner_of(tested: Format, **reading: Any) -> VectorScanner:
    scanner = tested.scanner(Reading(**reading))
    assert isinstance(scanner, VectorScanner)
    return scanner


def entries_of(scan: Scan) -> list[Entry]:
    entries = scan.entries
    columns = {"raw": entries.raw, "timestamp": entries.timestamps, "message": entries.messages} | entries.fields
    found = []
    for number in range(entries.size):
        values: Entry = {name: column.value(number) for name, column in columns.items()}
        found.append(values | {"level": entries.names[entries.levels[number]]})
    return found


def one(tested: Format, line: bytes, **reading: Any) -> Entry:
    """Return the one entry that there is."""
    (entry,) = entries_of(scanner_of(tested, **reading).scan(chunk_of(line)))
    return entry


def expected_of(grammar: Grammar, lines: list[bytes]) -> tuple[list[Entry], list[str]]:
    """Return what the expression makes of single lines, and why it rejects the others; "" is for blank ones."""
    stamper = Stamper(None)
    stamper.begin(None, MODIFIED)
    entries: list[Entry] = []
    others: list[str] = []
    for raw in lines:
        line = raw.removesuffix(b"\r")
        match = grammar.pattern.fullmatch(line)
        if match is None:
            others.append("not" if line.strip() else "")
            continue
        moments = [style.moment(match["timestamp"]) for style in grammar.styles]
        stamp = next((stamper.text(moment) for moment in moments if moment), None)
        if stamp is None:
            others.append("impossible date")
            continue
        entry: Entry = {"raw": line, "timestamp": stamp, "level": grammar.level(match), "message": match["message"]}
        for name in grammar.fields:
            entry[name] = None if name in grammar.dashed and match[name] == b"-" else match[name]
        entries.append(entry)
    return entries, others


def near(samples: list[bytes]) -> st.SearchStrategy[bytes]:
    """Lines that are nearly, or still, of a format."""
    pieces = [b" ", b"  ", b"-", b" - ", b"[", b"]", b"] ", b'"', b'\\"', b"\\", b":", b": ", b"\0", b"\xff", b"\t"]
    pieces += [b"0", b"9", b"29", b"61", b"Feb", b"<", b">", b"<13>", b"", b"\r", b"x" * 70, b"a b"]

    @st.composite
    def line(draw: st.DrawFn) -> bytes:
        text = draw(st.sampled_from(samples))
        for _ in range(draw(st.integers(0, 3))):
            start = draw(st.integers(0, len(text)))
            end = min(len(text), start + draw(st.integers(0, 4)))
            text = text[:start] + draw(st.sampled_from(pieces)) + text[end:]
        return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 9)) == 0 else text

    junk = st.binary(max_size=90).map(lambda data: data.replace(b"\n", b""))
    return st.one_of(line(), line(), line(), junk, st.just(b""), st.just(b"\tat org.example.Main(Main.java:3)"))


def check_equals_expression(tested: Format, samples: list[bytes]) -> None:
    """Hold a format against its expression on arbitrary lines, and that every line is accounted for."""
    scanner = scanner_of(tested, multiline="off")
    grammar = scanner._grammar
    of_chunk = st.lists(near(samples), min_size=1, max_size=12)

    @settings(deadline=None, max_examples=50)
    @given(lines=of_chunk)
    @example(lines=samples)
    @example(lines=[samples[0], b"", b" \t", b"no entry"])
    def check(lines: list[bytes]) -> None:
        scan = scanner.scan(chunk_of(b"\n".join(lines) + b"\n"))
        entries, others = expected_of(grammar, lines)
        assert entries_of(scan) == entries
        assert scan.blank == others.count("")
        rejected = [f"not {tested.name}" if why == "not" else why for why in others if why]
        # The base format says what a line lacks.
        reasons = [f"not {tested.name}" if why in ("no timestamp", "no level") else why for why in scan.reasons]
        assert reasons == rejected
        assert scan.continued == 0

    check()
    if not tested.joins:
        return
    joining = scanner_of(tested)

    @settings(deadline=None, max_examples=50)
    @given(lines=of_chunk)
    def check_joined(lines: list[bytes]) -> None:
        chunk = chunk_of(b"\n".join(lines) + b"\n")
        scan = joining.scan(chunk)
        assert scan.entries.size + scan.continued + scan.blank + len(scan.rejected) == chunk.lines
        for entry in entries_of(scan):
            raw, message = entry["raw"], entry["message"]
            assert raw is not None
            assert message is not None
            assert raw.endswith(message)

    check_joined()


def check_needs_no_expression(tested: Format, lines: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold that lines are settled by vector operations alone."""
    settled: list[bytes] = []
    settle = _vector._Rows.settle

    def spy(self: Any, text: Any, slow: Any, *rest: Any) -> Any:
        settled.extend(bytes(text.buffer[text.starts[n] : text.ends[n]]) for n in slow.tolist())
        return settle(self, text, slow, *rest)

    monkeypatch.setattr(_vector._Rows, "settle", spy)
    scan = scanner_of(tested).scan(chunk_of(b"\n".join(lines) + b"\n"))
    assert scan.entries.size == len(lines)
    assert settled == []


def check_common_law(tested: Format, samples: list[bytes]) -> None:
    """Hold what is the same for all: long lines, line ends, zones, patterns for first lines."""
    assert tested.begins.match(tested.example)
    (entry,) = entries_of(scanner_of(tested).scan(chunk_of(tested.example)))
    assert all(name in entry for name in tested.fields)
    data = b"".join(sample + b"\r\n" for sample in samples)
    unix = entries_of(scanner_of(tested).scan(chunk_of(data.replace(b"\r", b""))))
    assert entries_of(scanner_of(tested).scan(chunk_of(data))) == unix
    cut = scanner_of(tested, max_line=20).scan(chunk_of(data))
    assert cut.reasons == ["line too long"] * len(samples)
    whole = scanner_of(tested).scan(chunk_of(samples[0][:9], full_length=1 << 25))
    assert (whole.entries.size, whole.reasons) == (0, ["line too long"])
    for zone in (UTC, timezone(timedelta(hours=-3, minutes=-30))):
        stamps = [e["timestamp"] for e in entries_of(scanner_of(tested, zone=zone).scan(chunk_of(data)))]
        assert all(stamp and re.search(rb"(Z|[+-]\d\d:\d\d)\Z", stamp) for stamp in stamps)
    nothing = scanner_of(tested, multiline=re.compile(rb"never")).scan(chunk_of(data))
    assert nothing.entries.size == 0
    assert len(nothing.rejected) == len(samples)


Law = Callable[[Format, list[bytes]], None]
