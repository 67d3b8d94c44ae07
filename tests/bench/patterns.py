"""How fast the patterns are, next to their peers, all in one go: ``python tests/bench/patterns.py``.

Everybody takes turns, round after round, so that what else the machine does falls on all of them. A
ratio is taken round by round; what is shown is its median and its quartiles. Each measurement checks
that the work was done. It measures and does not judge: it fails only when somebody didn't do the work.
"""

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from concli import __version__
from tests.bench.machine import machine
from tests.bench.pattern_rows import barrier, buffer, channel, counter, pool, rwlock, rwlock_contended
from tests.bench.pattern_rows.aims import has_gil
from tests.bench.pattern_rows.results import Results, measure
from tests.bench.pattern_rows.row import Row
from tests.bench.pattern_rows.table import as_json, table, targets

_GROUPS = (buffer, pool, barrier, rwlock, rwlock_contended, channel, counter)
_SECONDS, _QUICK_SECONDS = 0.05, 0.002  # what a measurement is to take


def main() -> int:
    """Run the benchmark."""
    options = _options()
    where = {**machine(), "GIL": "on" if has_gil() else "off", "concli": __version__}
    seconds = _QUICK_SECONDS if options.quick else _SECONDS
    print(", ".join(f"{name} {value}" for name, value in where.items()))
    print(f"rounds {options.rounds}, {seconds * 1000:g} ms a measurement; in brackets: for information")
    everything = []
    for row in options.rows:
        results = measure(row, options.rounds, seconds)
        print("", table(results), sep="\n", flush=True)
        everything.append(results)
    _sum_up(everything)
    if options.json:
        _write(options.json, where, options.rounds, everything)
    return int(any(series.error.startswith("FAILED") for results in everything for series in results.series))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=11, help="rounds, after two that do not count (default: 11)")
    parser.add_argument("--quick", action="store_true", help="measure for moments only, to see whether it runs")
    parser.add_argument("--only", metavar="NAME", help="only rows with NAME in their title, in any case of letters")
    parser.add_argument("--json", metavar="FILE", help="write all figures to FILE")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    rows = [row for group in _GROUPS for row in group.rows()]
    options.rows = [row for row in rows if _is_wanted(row, options.only)]
    if not options.rows:
        parser.error("--only is in no title; these are:\n" + "\n".join(row.title for row in rows))
    return options


def _is_wanted(row: Row, only: str | None) -> bool:
    return only is None or only.lower() in row.title.lower()


def _sum_up(everything: list[Results]) -> None:
    """Say again what was not reached."""
    aims = [(results.row.title, target) for results in everything for target in targets(results)]
    reached = sum(target.reached is True for _, target in aims)
    print(f"\ntargets: {reached} of {len(aims)} reached; the others:")
    for title, target in aims:
        if not target.reached:
            print(f"{title}: {target}")
    print(f"GIL at the end: {'on' if has_gil() else 'off'}")


def _write(path: str, where: dict[str, str], rounds: int, everything: list[Results]) -> None:
    figures = {"machine": where, "rounds": rounds, "rows": [as_json(results) for results in everything]}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    sys.exit(main())
