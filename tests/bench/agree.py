"""Whether all commands do the same job: what they write is held against what concli writes."""

import dataclasses
import filecmp
import hashlib
import itertools
import json
import os
from collections.abc import Sequence

from tests.bench.commands import ONE_THREAD, Command
from tests.bench.timing import CommandError, remove_output, run

__all__ = ["digest", "disagreements"]


def disagreements(commands: Sequence[Command]) -> list[str]:
    """Run every command and return what is wrong: those that fail, and those that write something else."""
    wrong: list[str] = []
    references: dict[str, Command] = {}
    runs = [_with_report(command) for command in commands]
    for command in runs:
        try:
            run(command)
        except CommandError as error:
            wrong.append(str(error))
            continue
        if command.name == ONE_THREAD:
            references[command.group] = command
        reference = references.get(command.group)  # there is none if concli failed
        if reference and not _agree(reference.output, command):
            wrong.append(f"{command.title}: not the {command.agreement} as {reference.name}")
    for command in runs:
        remove_output(command)
    return wrong


def digest(path: str) -> bytes:
    """Return a hash of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").digest()


def _with_report(command: Command) -> Command:
    """Have concli, where it writes nothing, report what it counted."""
    if command.output != os.devnull:
        return command
    report = command.report
    return dataclasses.replace(command, argv=(*command.argv, "--report", report), output=report)


def _agree(reference: str, command: Command) -> bool:
    match command.agreement:
        case "same bytes":
            return filecmp.cmp(reference, command.output, shallow=False)
        case "same lines, in any order":
            return _fingerprint(reference) == _fingerprint(command.output)
        case "same records":
            return _same_records(reference, command.output)
        case "same counts":
            return _counts(reference) == _counts(command.output)
        case "none":
            return True


def _fingerprint(path: str) -> tuple[int, int]:
    """Return the number of lines and a sum over them, in which their order does not matter."""
    count = total = 0
    with open(path, "rb") as file:
        for line in file:
            count += 1
            total += int.from_bytes(hashlib.blake2b(line, digest_size=16).digest())
    return count, total


def _same_records(reference: str, output: str) -> bool:
    with open(reference, encoding="utf-8") as one, open(output, encoding="utf-8") as other:
        pairs = itertools.zip_longest(one, other, fillvalue="null")
        return all(json.loads(a) == json.loads(b) for a, b in pairs)


def _counts(path: str) -> dict[str, int]:
    """Return the entries by level, from concli's report or a peer's own object."""
    with open(path, encoding="utf-8") as file:
        counts = json.load(file)
    if "result" in counts:
        counts = counts["result"]["levels"]
    return dict(counts)
