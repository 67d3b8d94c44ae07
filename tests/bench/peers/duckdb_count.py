"""Entries by level in DuckDB: ``python duckdb_count.py IN OUT``, which gets one JSON object."""

import json
import sys

import duckdb

_ENTRY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} \[([A-Za-z0-9_]+)\] "

# The delimiter never occurs, so a row is a line.
_QUERY = """
SELECT regexp_extract(line, $entry, 1) AS level, count(*)
FROM read_csv($input, columns = {'line': 'VARCHAR'}, header = false, delim = '\x01', quote = '', escape = '',
              auto_detect = false, strict_mode = false)
GROUP BY level
HAVING level <> ''
"""

counts = duckdb.execute(_QUERY, {"entry": _ENTRY, "input": sys.argv[1]}).fetchall()
with open(sys.argv[2], "w", encoding="utf-8") as output:
    json.dump(dict(counts), output)
