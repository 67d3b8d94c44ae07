"""Entries from literal rows."""

from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st

from concli.logs.entries import Column, Entries

Row = dict[str, bytes]
Kind = Literal["text", "number", "json"]


def entries_of(rows: list[Row], kinds: dict[str, Kind] | None = None, *, padding: int = 64) -> Entries:
    """Return entries made of ``rows``: what a row has not, its entry has not. All share one buffer.

    The raw lines, where a row has no ``raw``, are its message.
    """
    kinds = kinds or {}
    names = ["raw", "timestamp", "message", *dict.fromkeys(name for row in rows for name in row)]
    spans: dict[str, list[tuple[int, int]]] = {name: [] for name in names if name != "level"}
    buffer = bytearray()
    for row in rows:
        for name, places in spans.items():
            value = row.get(name, row.get("message", b"") if name == "raw" else None)
            if value is None:
                places.append((-1, -1))
                continue
            places.append((len(buffer), len(buffer) + len(value)))
            buffer += value + b"\n"
    buffer += bytes(padding)

    def column(name: str) -> Column:
        places = np.array(spans[name], np.int64).reshape(-1, 2)
        return Column(buffer, places[:, 0].copy(), places[:, 1].copy(), kinds.get(name, "text"))

    levels = [b"", *dict.fromkeys(row["level"] for row in rows if row.get("level"))]
    fields = {name: column(name) for name in spans if name not in ("raw", "timestamp", "level", "message")}
    numbers = np.array([levels.index(row.get("level", b"")) for row in rows], np.uint8)
    return Entries(np.arange(len(rows)), column("raw"), column("timestamp"), numbers, levels, column("message"), fields)


def all_of(entries: Entries) -> Any:
    return np.ones(entries.size, bool)


def rendered(render: Any, entries: Entries, keep: Any = None) -> bytes:
    return b"".join(render(entries, all_of(entries) if keep is None else keep)[0])


PLAIN = st.from_regex(rb"[a-z/]{0,20}", fullmatch=True)
AWKWARD = st.one_of(
    PLAIN,
    st.binary(max_size=12),
    st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(st.sampled_from([b'"', b"\\", b"\n", b"\t", b"\r", b",", b"=", b" ", b"\xff", b"x", b"\x00"])).map(
        b"".join
    ),
)
TIMESTAMP = st.datetimes().map(lambda moment: moment.isoformat().encode())
NUMBER = st.one_of(
    st.integers().map(lambda n: b"%d" % n),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: repr(x).encode()),
    st.sampled_from([b"007", b"-", b"+5", b"1.", b"NaN", b"", b"0x1", b"1\n", b"-0"]),
)
JSON = st.sampled_from([b'{"a": "b\\n\\""}', b"[1,\t2]", b"null", b'"\xc3\xa9"', b'"\xff"', b"[]"])
KINDS: dict[str, Kind] = {"number": "number", "json": "json"}


def rows(common: st.SearchStrategy[bytes] = AWKWARD) -> st.SearchStrategy[list[Row]]:
    """Return rows of which most need no escaping if ``common`` says so."""
    row = st.fixed_dictionaries(
        {},
        optional={
            "timestamp": TIMESTAMP,
            "level": st.one_of(st.sampled_from([b"INFO", b"WARN", b"ERROR"]), AWKWARD),
            "message": common,
            "field": common,
            "odd key": common,
            'q"': common,
            "number": NUMBER,
            "json": JSON,
        },
    )
    return st.lists(row, min_size=1, max_size=30)
