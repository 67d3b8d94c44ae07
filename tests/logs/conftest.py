"""A way to do a job on some bytes."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from concli.logs import Job, process
from concli.logs.choice.options import choose
from concli.logs.destination import Destination
from concli.logs.formats.base import BASE
from concli.logs.formats.format import Format, Reading
from concli.logs.source import Source
from concli.metrics import Report, Run


@dataclass
class Done:
    """A job that has been done."""

    output: bytes
    rejects: list[dict[str, Any]]
    report: Report
    unusable: list[str]

    def jsonl(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.output.decode().split("\n")[:-1]]

    def csv(self) -> list[list[str]]:
        text = self.output.decode("utf-8", "surrogateescape")
        return list(csv.reader(io.StringIO(text, newline="")))


Do = Callable[..., Done]


@pytest.fixture
def do(tmp_path_factory: pytest.TempPathFactory) -> Do:
    """Do a job on some bytes, or on paths, and collect what came out."""
    folder = tmp_path_factory.mktemp("job")

    def run(
        data: bytes | list[Path],
        *,
        to: str = "text",
        reading: Reading = Reading(multiline="off"),  # noqa: B008 - never changed
        formats: tuple[Format, ...] = (BASE,),
        ordered: bool = True,
        threads: int = 1,
        max_line: int = 1 << 24,
        **choices: Any,
    ) -> Done:
        inputs = data if isinstance(data, list) else [folder / "in.log"]
        if isinstance(data, bytes):
            inputs[0].write_bytes(data)
        output, rejects = folder / "out", folder / "rejects"
        run = Run("logs process", {})
        if isinstance(choices.get("grep"), re.Pattern):
            choices["grep"] = [choices["grep"]]
        source = Source(tuple(map(str, inputs)), reading._replace(max_line=max_line), formats)
        destination = Destination(str(output), to, rejects=str(rejects))
        outcome = process(Job(source, choose(**choices), destination, ordered=ordered, threads=threads), run)
        report = run.snapshot()
        assert [check for check in report.checks if not check.passed] == []
        lines = rejects.read_text("utf-8").split("\n")[:-1]
        return Done(output.read_bytes(), [json.loads(line) for line in lines], report, list(map(str, outcome.unusable)))

    return run
