"""Pipelines with one mistake each."""

from contextlib import suppress
from typing import TypeVar

from concli.patterns import ShutDown
from concli.patterns._pipeline_line import Line
from concli.patterns._pipeline_run import PipelineRun
from concli.patterns.task import Task

T = TypeVar("T")


class TheFirstClosesTheDoor(Line[T]):
    """The first worker of a stage to find no more tasks ends the next stage; the others have theirs in hand."""

    def leave(self) -> bool:
        with self._mutex:
            self._working -= 1
            return True


class ForgetsWhatItRead(PipelineRun[T]):
    """What is read when the end comes is dropped, although it has been counted."""

    def _enter(self, data: T) -> None:
        with self._mutex:
            if self._is_ending:
                return
            task = Task(self._items_in, data)
            self._items_in += 1
        with suppress(ShutDown):
            self._lines[0].queue.put(task)


class EndsWithoutAWord(PipelineRun[T]):
    """Workers between two attempts are not told of the end, nor is the reader of the input: skipped clean-up."""

    def _end(self) -> None:
        with self._mutex:
            self._is_ending = True


class FinishesWithTheWorkers(PipelineRun[T]):
    """The output ends with the last worker, while the reader still has a cancelled task to put into it."""

    def _let_go(self) -> None:
        with self._mutex:
            self._putting -= 1
            last = self._putting <= 1
        if last:
            self._output.shutdown()


LINES = [TheFirstClosesTheDoor]
RUNS = [ForgetsWhatItRead, EndsWithoutAWord, FinishesWithTheWorkers]
