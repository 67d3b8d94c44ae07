"""How fast ``concli logs process`` is, next to its peers, all in one go: ``python tests/bench/logs.py``.

Every command is a whole process, start-up included. The commands take turns, one round after the
other, so that what else the machine does falls on all of them. It measures and does not judge: it
fails only when the outputs disagree.
"""

import argparse
import contextlib
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.bench.agree import digest, disagreements
from tests.bench.commands import GROUPS, Command, commands
from tests.bench.machine import describe
from tests.bench.make_log import copy_start, make_log
from tests.bench.results import Results
from tests.bench.targets import targets
from tests.bench.timing import CommandError, least_peak_mib, remove_output, run

_SMALL_LOG_MB = 5  # on which the outputs are compared
_START = 1 / 20  # what the design that is slow gets of the log
_ROOM = 4  # files of the log's size: the log, what is made of it, and to spare


def main() -> int:
    """Run the benchmark."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the folder is removed on the way out
    folder = options.dir or _roomy_folder(options.mb * 10**6)
    concli = shlex.split(options.concli)
    try:
        with tempfile.TemporaryDirectory(prefix="concli-bench-", dir=folder) as place:
            return _bench(concli, place, options)
    except CommandError as error:
        _say(f"stopped: {error}")
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mb", type=int, default=512, help="size of the log in 10^6 bytes (default: 512)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, after one that does not count (default: 5)")
    parser.add_argument("--dir", help="where to put the files (default: a tmpfs if it has room, else TMPDIR)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--concli", default=f"{shlex.quote(sys.executable)} -m concli", help="how to start concli")
    options = parser.parse_args()
    if options.mb < 1 or options.rounds < 1:
        parser.error("--mb and --rounds must be at least 1")
    return options


def _roomy_folder(size: int) -> str:
    shared = "/dev/shm"
    with contextlib.suppress(OSError):
        if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > size * _ROOM:
            return shared
    return tempfile.gettempdir()


def _bench(concli: Sequence[str], place: str, options: argparse.Namespace) -> int:
    small, log, start = (os.path.join(place, name) for name in ("small.log", "whole.log", "start.log"))
    _say("comparing the outputs ...")
    make_log(small, _SMALL_LOG_MB * 10**6)
    wrong = disagreements([command for command in commands(concli, small, small, place) if not command.missing])
    if wrong:
        return _refuse(wrong)

    _say("making the log ...")
    lines = make_log(log, options.mb * 10**6)
    size = os.path.getsize(log)
    copy_start(log, start, int(size * _START))
    everything = commands(concli, log, start, place)
    machine = describe(concli, place)
    present = [command for command in everything if not command.missing]
    wrong = _warm_up(present)
    if wrong:
        return _refuse(wrong)

    results = Results(everything, size)
    for number in range(options.rounds):
        for command in present:
            _say(f"round {number + 1} of {options.rounds}: {command.title}")
            results.rows[command.group, command.name].add(run(command))
            remove_output(command)
    _show(results, machine, size, lines, options)
    return 0


def _warm_up(present: Sequence[Command]) -> list[str]:
    """Run everything once, and compare what must be the same bytes, now of the whole log."""
    wrong: list[str] = []
    expected: dict[str, bytes] = {}
    for command in present:
        _say(f"warming up: {command.title}")
        run(command)
        if command.agreement == "same bytes":
            found = digest(command.output)
            if expected.setdefault(command.group, found) != found:
                wrong.append(f"{command.title}: not the same bytes as concli, of the whole log")
        remove_output(command)
    return wrong


def _show(results: Results, machine: dict[str, str], size: int, lines: int, options: argparse.Namespace) -> None:
    print(
        ", ".join(f"{name} {value}" for name, value in machine.items())
        + f"; input {size / 1e6:.1f} MB, {lines} lines; rounds {options.rounds}"
    )
    print(f"peak MiB counts mapped files too, and begins at this script's own, which is {least_peak_mib()}")
    for group in GROUPS:
        print(f"\n{group}\n{results.table(group)}")
    aims = targets(results)
    print("\ntargets", *aims, sep="\n")
    if options.json:
        figures = {
            "machine": machine,
            "input": {"bytes": size, "lines": lines},
            "rounds": options.rounds,
            "least_peak_mib_that_can_be_told": least_peak_mib(),
            "groups": results.as_json(),
            "targets": [{"aim": aim.aim, "figure": aim.figure, "reached": aim.reached} for aim in aims],
        }
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)
            file.write("\n")


def _refuse(wrong: Sequence[str]) -> int:
    print("nothing is measured, for the outputs do not agree:", *wrong, sep="\n")
    return 1


def _say(what: str) -> None:
    """Tell how far it is, without disturbing the tables."""
    print(what, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
