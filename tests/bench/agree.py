"""Whether all commands do the same job: their outputs are held against concli's."""

import hashlib
import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import replace

import timing
from commands import Command

__all__ = ["digest", "disagreements"]


def disagreements(commands: Sequence[Command]) -> list[str]:
    """Run every command and return what is wrong: those that fail, those that write something else."""
    wrong: list[str] = []
    references: dict[str, Command] = {}
    for command in commands:
        try:
            if os.path.basename(command.output) == os.path.basename(os.devnull):
                command = _reporting(command)  # noqa: PLW2901
            timing.run(command)
            reference = references.setdefault(command.group, command)
            if not _agree(reference, command):
                wrong.append(f"{command.group}, {command.name}: not the {command.agreement} as {reference.name}")
        except timing.CommandFailed as error:
            wrong.append(str(error))
    return wrong
