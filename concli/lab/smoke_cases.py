"""What ``concli smoke`` runs: of every command a small workload, and what must be true of the outcome.

A command is one entry of ``CASES``. One that writes a run report needs no more than its options: the
checks in the report are taken over, and there must be some.

>>> chosen(["rwlock"])[0].calls
('--ops 3000 --workers 4 --read-share 80%',)
"""

import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from concli import __version__
from concli.errors import UsageError
from concli.lab.explain import LESSONS
from concli.metrics import Check
from concli.monitor.record import Recorder
from concli.monitor.sampler import Sampler
from concli.verify.catalogue import PATTERNS

__all__ = ["CASES", "Call", "Case", "chosen"]

_ENTRIES, _REJECTS, _BLANKS = 10_000, 500, 250
_ITEMS = 2000
_SAMPLES = 3


class Call(NamedTuple):
    """A call that ended with 0: its arguments, what it printed, the folder it ran in, and its report or document."""

    options: str
    stdout: str
    folder: str
    document: Any


class Case(NamedTuple):
    """A command and its calls, which run one after the other in a folder of their own.

    ``calls`` are the arguments of each. ``prepare`` puts into the folder what they read, and ``judge``
    yields checks beside those every call gets. ``answer`` is where its JSON document is: a run report
    with checks, the standard output, or nowhere. ``counted`` is the entry of the report's totals that
    says how many items there were; without it that is ``items`` of the result, if there is that.
    """

    command: str
    calls: tuple[str, ...] = ("",)
    prepare: Callable[[str], object] = lambda _: None
    judge: Callable[[Call], Iterable[Check]] = lambda _: ()
    answer: str = "report"
    counted: str | None = None


def chosen(words: Sequence[str], cases: Sequence[Case] | None = None) -> tuple[Case, ...]:
    """Return the cases of the commands that ``words`` name, all without any.

    A command may be one argument or several, and the name of a group stands for all in it: ``logs process``,
    ``logs``. Raises ``UsageError`` for what is no command.
    """
    cases = CASES if cases is None else cases
    if not words:
        return tuple(cases)
    found: set[str] = set()
    rest = " ".join(words).split()
    while rest:
        for length in range(len(rest), 0, -1):
            name = " ".join(rest[:length])
            matching = {case.command for case in cases if f"{case.command} ".startswith(f"{name} ")}
            if matching:
                found |= matching
                rest = rest[length:]
                break
        else:
            names = ", ".join(case.command for case in cases)
            raise UsageError(f"there is no command {rest[0]!r} to smoke; choose from {names}")
    return tuple(case for case in cases if case.command in found)


def _write_log(folder: str) -> None:
    with open(os.path.join(folder, "app.log"), "w", encoding="utf-8") as log:
        for number in range(_ENTRIES):
            log.write(f"2024-02-29 12:{number // 60 % 60:02}:{number % 60:02} [INFO] item {number}\n")
            if number % (_ENTRIES // _REJECTS) == 0:
                log.write("  at some.frame(of a trace)\n")
            if number % (_ENTRIES // _BLANKS) == 0:
                log.write("\n")


def _judge_log(call: Call) -> Iterator[Check]:
    totals = call.document["totals"]
    wanted = {"written": _ENTRIES, "rejected": _REJECTS, "blank": _BLANKS}
    counted = {name: totals[name] for name in wanted}
    yield Check("as many lines of each kind as were generated", counted == wanted, f"{counted}, not {wanted}")
    with open(os.path.join(call.folder, "out.jsonl"), encoding="utf-8") as output:
        messages = [json.loads(line)["message"] for line in output]
    in_order = messages == [f"item {number}" for number in range(_ENTRIES)]
    yield Check("every entry comes out once and in order", in_order, f"{len(messages):,} of {_ENTRIES:,} came out")


def _record_samples(folder: str) -> None:
    recorder = Recorder(os.path.join(folder, "run.jsonl"), {})
    with Sampler(os.getpid(), children=False) as sampler:
        for _ in range(_SAMPLES):
            recorder.add(sampler.sample())
    recorder.commit()


def _judge_monitor(call: Call) -> Iterator[Check]:
    result = call.document["result"]
    told = result["samples"], result["processes"]["seen"]
    detail = f"{told[0]} samples of {told[1]} processes"
    yield Check("as many samples as were taken, of one process", told == (_SAMPLES, 1), detail)


def _write_items(folder: str) -> None:
    with open(os.path.join(folder, "items"), "w", encoding="utf-8") as items:
        items.writelines(f"{number}\n" for number in range(_ITEMS))


def _judge_tasks(call: Call) -> Iterator[Check]:
    is_words = "words.jsonl" in call.options
    with open(os.path.join(call.folder, "words.jsonl" if is_words else "out.jsonl"), encoding="utf-8") as output:
        results = [json.loads(line)["result"] for line in output]
    wanted = ["a", "b c", "d"] if is_words else [str(number * 2) for number in range(_ITEMS)]
    detail = f"{len(results):,} of {len(wanted):,} came out"
    yield Check("every task comes out once, in order and with its result", results == wanted, detail)


def _judge_formats(call: Call) -> Iterator[Check]:
    without = [one["name"] for one in call.document["formats"] if not one["example"]]
    yield Check("every format has an example", not without, f"without one: {', '.join(without) or 'none'}")


def _judge_stats(call: Call) -> Iterator[Check]:
    entries = call.document["result"]["entries"]
    yield Check("as many entries as were generated", entries == _ENTRIES, f"{entries:,} of {_ENTRIES:,}")


def _judge_verify(call: Call) -> Iterator[Check]:
    patterns = [row["pattern"] for row in call.document["result"]["patterns"]]
    yield Check("every pattern is verified", patterns == list(PATTERNS), f"{len(patterns)} of {len(PATTERNS)}")


def _judge_explain(call: Call) -> Iterator[Check]:
    told = [one["name"] for one in call.document["patterns"] if one["diagram"] and one["mistakes"] and one["example"]]
    missing = sorted(LESSONS.keys() - set(told))
    yield Check("every pattern is explained", not missing, f"missing: {', '.join(missing) or 'none'}")


def _judge_info(call: Call) -> Iterator[Check]:
    told = call.document["version"], call.document["interpreter"]["version"]
    here = __version__, platform.python_version()
    yield Check(
        "it is about this concli and this Python", told == here, f"{' on '.join(told)}, not {' on '.join(here)}"
    )


def _judge_completion(call: Call) -> Iterator[Check]:
    variable = f"_CONCLI_COMPLETE={call.options}_complete"
    detail = f"{variable} must stand in {len(call.stdout):,} characters"
    yield Check("it is a script that asks concli", variable in call.stdout, detail)


#: In the order in which they are begun: what takes long first. Every command of concli but ``smoke`` itself has one.
CASES = (
    Case("verify", ("--schedules 100 --scenarios 10",), judge=_judge_verify, counted="schedules"),
    Case("bounded-buffer", ("--ops 10000 --producers 2 --consumers 2 --buffer 16 --fail 1%",)),
    Case("channel", ("--ops 2000 --clients 2 --workers 2",)),
    Case("completion", ("bash", "zsh", "fish"), judge=_judge_completion, answer="none"),
    Case("explain", ("--json",), judge=_judge_explain, answer="stdout"),
    Case("futures", ("--ops 2000 --waiters 2 --resolvers 2 --fail 1%",)),
    Case("info", ("--json",), judge=_judge_info, answer="stdout"),
    Case("logs formats", ("--json",), judge=_judge_formats, answer="stdout"),
    Case("logs generate", ("--format combined --lines 2000 -o access.log",), counted="lines"),
    Case(
        "logs process",
        ("app.log -o out.jsonl --rejects rejects.jsonl --multiline off -t 2",),
        prepare=_write_log,
        judge=_judge_log,
        counted="read",
    ),
    Case("logs stats", ("app.log -t 2",), prepare=_write_log, judge=_judge_stats, counted="read"),
    Case("matmul", ("--size 192 -t 2 --normalize max --check -o C.npy",), counted="tiles"),
    Case(
        "monitor",
        ("--replay run.jsonl --fail-if 'rss < 1MiB'",),
        prepare=_record_samples,
        judge=_judge_monitor,
        counted="samples",
    ),
    Case("monitor-object", ("--ops 3000 --workers 4",)),
    Case(
        "pipeline fft",
        ("--chunks 12 --shape 64x63 -o out.npy -t 2", "--chunks 12 --shape 64x63 --op power,lowpass:0.2 -t 2"),
        counted="chunks",
    ),
    Case(
        "pipeline tasks",
        (
            "-a items --json --stage 'expr:x * 2' --stage 'py:json:dumps' -t 2 -o out.jsonl --joblog log",
            "-a items --json --stage 'expr:x * 2' --stage 'py:json:dumps' -t 2 -o out.jsonl --joblog log --resume",
            "--stage 'sh:printf %s {}' -o words.jsonl -t 2 a 'b c' d",
        ),
        prepare=_write_items,
        judge=_judge_tasks,
        counted="read",
    ),
    Case("producer-consumer", ("--ops 10000 --producers 2 --consumers 2 --fail 1%",)),
    Case("rwlock", ("--ops 3000 --workers 4 --read-share 80%",)),
    Case("thread-local", ("--ops 10000 --workers 4 --life 500",)),
    Case("thread-pool", ("--ops 3000 --workers 4 --submitters 2 --fail 1%",)),
)
