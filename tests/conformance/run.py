"""Run CPython's own tests against concli's classes: ``python tests/conformance/run.py``.

They come from the `test` package of the interpreter that runs this. Each suite has a process of its own,
for what it tests takes the place of the standard library's there, and for one that hangs must not hang all.
The exit code is 1 if anything failed, and 2 if there was nothing to run.
"""

import argparse
import contextlib
import faulthandler
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.conformance.outcome import Outcome, outcome_of, table
from tests.conformance.stand_ins import put_in_place
from tests.conformance.suites import SUITES, Suite

MARKS = "<!-- conformance -->\n", "<!-- /conformance -->"  # the table's place in a file


def main() -> int:
    """Run the suites."""
    options = _options()
    if options.one is not None:
        _run_here(SUITES[options.one], options.limit)
        return 0
    chosen = [suite for suite in SUITES if not options.names or any(name in suite.name for name in options.names)]
    outcomes = [_run_apart(suite, options.limit) for suite in chosen]
    if all(outcome.missing for outcome in outcomes):
        print("nothing to run: this interpreter has no such suites in its `test` package", file=sys.stderr)
        return 2
    for suite, outcome in zip(chosen, outcomes, strict=True):
        for test, how in outcome.failed.items():
            print(f"{suite.name} on {suite.ours}: {test} failed\n{how}", file=sys.stderr)
    result = table(chosen, outcomes)
    print(result, end="")
    if options.write:
        _write(options.write, result)
    return int(any(outcome.failed for outcome in outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only suites with this in their name")
    parser.add_argument("--write", metavar="FILE", help=f"put the table also into FILE, behind {MARKS[0].strip()}")
    parser.add_argument("--limit", type=float, default=300, help="seconds after which a suite has hung (default: 300)")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # what it starts itself with
    return parser.parse_args()


def _run_apart(suite: Suite, limit: float) -> Outcome:
    """Run a suite in a process of its own, and leave none behind that it may have started."""
    print(f"{suite.name} on {suite.ours} ...", file=sys.stderr)
    command = [sys.executable, os.path.abspath(__file__), "--one", str(SUITES.index(suite)), "--limit", str(limit)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        try:
            out, talk = child.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    if child.returncode:
        return Outcome(failed={"the whole suite": f"exit code {child.returncode}\n{talk}"})
    return Outcome(**json.loads(out))


def _run_here(suite: Suite, limit: float) -> None:
    faulthandler.dump_traceback_later(limit, exit=True)
    with contextlib.redirect_stdout(sys.stderr):
        try:
            put_in_place()
        except ModuleNotFoundError as error:
            outcome = Outcome(missing=str(error.name))
        else:
            outcome = outcome_of(suite)
    print(json.dumps(asdict(outcome)), flush=True)


def _write(file_name: str, result: str) -> None:
    with open(file_name, encoding="utf-8") as file:
        before, first, rest = file.read().partition(MARKS[0])
    _, last, after = rest.partition(MARKS[1])
    if not last:
        sys.exit(f"{file_name}: there is no place for the table; it goes between {MARKS[0].strip()} and {MARKS[1]}")
    with open(file_name, "w", encoding="utf-8") as file:
        file.write(f"{before}{first}{result}{last}{after}")


if __name__ == "__main__":
    sys.exit(main())
