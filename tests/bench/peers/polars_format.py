"""A log's lines as JSON lines in polars, streaming: ``python polars_format.py IN OUT [REGEX GROUP]``.

A line is an entry if REGEX matches, told by GROUP, which every entry has. Without REGEX the lines are JSON already.
"""

import sys

import polars as pl

source, target, *how = sys.argv[1:]
if how:
    pattern, always = how
    lines = pl.scan_csv(
        source,
        has_header=False,
        separator="\x01",  # never occurs, so a row is a line
        quote_char=None,
        schema={"line": pl.String},
    )
    groups = lines.select(pl.col("line").str.extract_groups(pattern)).unnest("line")
    entries = groups.filter(pl.col(always).is_not_null())
else:
    entries = pl.scan_ndjson(source)
entries.sink_ndjson(target, engine="streaming")
