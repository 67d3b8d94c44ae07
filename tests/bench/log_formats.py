"""How fast ``concli logs`` is with each format, next to its peers: ``python tests/bench/log_formats.py``.

Every command is a whole process, start-up included. All take turns, one round after the other, so that what else the
machine does falls on all of them; a ratio is taken round by round, and its median is shown. It measures and does not
judge: it fails only if somebody did not do the work.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.bench.format_rows.aims import aims
from tests.bench.format_rows.contenders import DUCKDB, POLARS, TWO_THREADS, Row, Rows
from tests.bench.format_rows.inputs import compress, log_path, make_logs
from tests.bench.format_rows.results import Results
from tests.bench.format_rows.shapes import SHAPES
from tests.bench.format_rows.table import as_json, formats_table, row_table
from tests.bench.format_rows.versions import versions
from tests.bench.machine import describe
from tests.bench.timing import CommandError, least_peak_mib

_OTHERS = ("stats", "pattern", "compressed")
_ROOM = 10  # what is written at a time: some times a log, and to spare
_MUCH = 0.4  # of the time, for the start
_NO_PEERS = {"cat", "mawk", "GNU grep"}  # of the other benchmark
_SIZE = re.compile(r"(\d+)(B|KB|KiB|MB|MiB|GB|GiB)?")
_UNITS = {"K": 1, "M": 2, "G": 3}


def main() -> int:
    """Run the benchmark."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the folder is removed on the way out
    names = _logs(options.only)
    folder = options.dir or _roomy_folder(options.size * (len(names) + _ROOM))
    try:
        with tempfile.TemporaryDirectory(prefix="concli-bench-", dir=folder) as place:
            return _bench(shlex.split(options.concli), place, names, options)
    except CommandError as error:
        _say(f"stopped: {error}")
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=_size, default="40MiB", help="size of each log (default: 40MiB)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, after one that does not count (default: 3)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these formats, or stats, pattern, compressed")
    parser.add_argument("--traces", default="0.2%", help="entries with a stack trace (default: 0.2%%)")
    parser.add_argument("--seed", type=int, default=1, help="where chance begins (default: 1)")
    parser.add_argument("--dir", help="where to put the files (default: a tmpfs if it has room, else TMPDIR)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--concli", default=f"{shlex.quote(sys.executable)} -m concli", help="how to start concli")
    options = parser.parse_args()
    everything = (*SHAPES, *_OTHERS)
    unknown = [name for name in options.only or () if name not in everything]
    if unknown:
        parser.error(f"nothing is called {', '.join(unknown)}; there are {', '.join(everything)}")
    if options.size < 1 or options.rounds < 1:
        parser.error("--size and --rounds must be at least 1")
    if options.only and any(name in SHAPES for name in options.only):
        options.only = ["base", *options.only]  # with which the others are compared
    options.only = [name for name in everything if not options.only or name in options.only]
    return options


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError("a size is a number and B, KB, KiB, MB, MiB, GB or GiB")
    unit = match[2] or "B"
    size: int = int(match[1]) * (1024 if "i" in unit else 1000) ** _UNITS.get(unit[0], 0)
    return size


def _roomy_folder(room: int) -> str:
    shared = "/dev/shm"
    if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > room:
        return shared
    return tempfile.gettempdir()


def _logs(only: Sequence[str]) -> list[str]:
    """Return the formats of which a log is needed."""
    needed = {name for name in only if name in SHAPES}
    if "stats" in only or "pattern" in only:
        needed.add("combined")
    if "compressed" in only:
        needed.add("base")
    return [name for name in SHAPES if name in needed]


def _bench(concli: Sequence[str], place: str, names: Sequence[str], options: argparse.Namespace) -> int:
    _say(f"making {len(names)} logs ...")
    sizes = make_logs(concli, place, names, options.size, options.traces, options.seed)
    endings = compress(log_path(place, "base")) if "compressed" in options.only else []
    where = {name: what for name, what in describe(concli, place).items() if name not in _NO_PEERS} | versions()
    results = Results(_rows(Rows(concli, place), options.only, endings))
    results.measure(options.rounds, _say)
    where["load at the end"] = f"{os.getloadavg()[0]:.2f}"
    _show(results, where, options)
    if options.json:
        _write(results, where, sizes, options)
    return int(any(True for _ in results.problems()))


def _rows(make: Rows, only: Sequence[str], endings: Sequence[str]) -> list[Row]:
    rows = [make.start(), *(make.format(name) for name in only if name in SHAPES)]
    if "stats" in only:
        rows.append(make.stats())
    if "pattern" in only:
        rows += make.patterns()
    return [*rows, *(make.compressed(ending) for ending in endings)]


def _show(results: Results, where: dict[str, str], options: argparse.Namespace) -> None:
    starts = ", ".join(f"{name} {results.start_s(name):.3f} s" for name in (TWO_THREADS, POLARS, DUCKDB))
    print(", ".join(f"{name} {value}" for name, value in where.items()))
    print(
        f"input: logs of {options.size / 1e6:.1f} MB a format, seed {options.seed}, stack traces {options.traces};"
        f" rounds {options.rounds}; start, which is a log of one line: {starts}"
    )
    print(
        "MB/s are 10^6 bytes of the log a second; times base: how many times as long as the base format, byte for byte;"
        " .../2 thr.: how many times as long as concli with 2 threads.\n"
        f"Peak MiB count mapped files too, and begin at this script's own, which is {least_peak_mib()}."
    )
    _warn(results)
    if results.of("formats"):
        print(f"\nto jsonl\n{formats_table(results)}")
    for figures in results.of("stats", "pattern", "compressed"):
        print(f"\n{row_table(figures)}")
    found = aims(results)
    reached = sum(aim.reached is True for aim in found)
    print(f"\ntargets: {reached} of {len(found)} reached", *found, sep="\n")
    wrong = list(results.problems())
    if wrong:
        print("\nwork not done:", *wrong, sep="\n")


def _warn(results: Results) -> None:
    """Say so if the start is most of what is measured."""
    base = results.named("base")
    median = base.series[TWO_THREADS].median_s if base else None
    if median and results.start_s() > median * _MUCH:
        share = f"{results.start_s() / median:.0%}"
        print(
            f"NOTE: the start is {share} of what the base format takes; the figures tell little; take a larger --size"
        )


def _write(results: Results, where: dict[str, str], sizes: dict[str, int], options: argparse.Namespace) -> None:
    figures = {
        "machine": where,
        "input": {"bytes": sizes, "seed": options.seed, "traces": options.traces},
        "rounds": options.rounds,
        "start_s": results.start_s(),
        "least_peak_mib_that_can_be_told": least_peak_mib(),
        "rows": as_json(results),
        "targets": [{"aim": aim.aim, "figure": aim.figure, "reached": aim.reached} for aim in aims(results)],
    }
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=2)
        file.write("\n")


def _say(what: str) -> None:
    """Tell how far it is, without disturbing the tables."""
    print(what, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
