"""A log's lines as JSON lines in DuckDB: ``python duckdb_format.py IN OUT [REGEX GROUP]``.

A line is an entry if REGEX matches, told by GROUP, which every entry has. Without REGEX the lines are JSON already.
"""

import re
import sys

import duckdb

_JSON = "COPY (FROM read_json($input, format = 'newline_delimited')) TO $output (FORMAT json)"

# The delimiter never occurs, so a row is a line.
_LINES = """
COPY (
  SELECT unnest(entry)
  FROM (
    SELECT regexp_extract(line, $entry, [{groups}]) AS entry
    FROM read_csv($input, columns = {{'line': 'VARCHAR'}}, header = false, delim = '\x01', quote = '', escape = '',
                  auto_detect = false, strict_mode = false)
  )
  WHERE entry."{always}" <> ''
) TO $output (FORMAT json)
"""

source, target, *how = sys.argv[1:]
if how:
    pattern, always = how
    groups = ", ".join(f"'{name}'" for name in re.compile(pattern).groupindex)
    query = _LINES.format(groups=groups, always=always)
    duckdb.execute(query, {"entry": pattern, "input": source, "output": target})
else:
    duckdb.execute(_JSON, {"input": source, "output": target})
