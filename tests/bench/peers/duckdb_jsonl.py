"""The job in DuckDB: ``python duckdb_jsonl.py IN OUT``."""

import sys

import duckdb

_ENTRY = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) "
    r"\[([A-Za-z0-9_]+)\] (.*)"
)

# The delimiter never occurs, so a row is a line.
_QUERY = """
COPY (
  SELECT unnest(entry)
  FROM (
    SELECT regexp_extract(line, $entry, ['timestamp', 'level', 'message']) AS entry
    FROM read_csv($input, columns = {'line': 'VARCHAR'}, header = false, delim = '\x01', quote = '', escape = '',
                  auto_detect = false, strict_mode = false)
  )
  WHERE entry.timestamp <> ''
) TO $output (FORMAT json)
"""

duckdb.execute(_QUERY, {"entry": _ENTRY, "input": sys.argv[1], "output": sys.argv[2]})
