"""The job in polars: ``python polars_jsonl.py IN OUT``, streaming."""

import sys

import polars as pl

_ENTRY = (
    r"^(?P<timestamp>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) "
    r"\[(?P<level>[A-Za-z0-9_]+)\] (?P<message>.*)"
)

lines = pl.scan_csv(
    sys.argv[1],
    has_header=False,
    separator="\x01",  # never occurs, so a row is a line
    quote_char=None,
    schema={"line": pl.String},
)
entries = lines.select(pl.col("line").str.extract_groups(_ENTRY)).unnest("line").drop_nulls()
entries.sink_ndjson(sys.argv[2], engine="streaming")
