"""Thread-local storage with mistakes in how the values of ended threads are folded."""

import functools
from typing import TypeVar

from concli.patterns import thread_local
from concli.patterns.thread_local import ThreadLocal

T = TypeVar("T")


class ReadsWithoutTheLock(ThreadLocal[T]):
    """Between the two looks values may go from one place to the other."""

    def values(self) -> list[T]:
        living = [cell.value for cell in list(self._cells)]
        return [*self._ended, *living]


class LetsGoTooEarly(ThreadLocal[T]):
    """Gives the lock up between putting the folded value in and taking the others out."""

    def _sweep(self) -> None:
        assert self._fold_ended is not None
        with self._mutex:
            ended = [cell for cell in self._cells if cell.owner() is None]
            values = [*self._ended, *(cell.value for cell in ended)]
            self._ended = (functools.reduce(self._fold_ended, values),) if values else ()
        with self._mutex:
            for cell in ended:
                self._cells.pop(cell, None)


class FoldsWithOthers(ThreadLocal[T]):
    """Check, then act: two threads fold at a time, and what one of them found is lost or there twice."""

    def _sweep(self) -> None:
        assert self._fold_ended is not None
        with self._mutex:
            ended = [cell for cell in self._cells if cell.owner() is None]
            values = [*self._ended, *(cell.value for cell in ended)]
        folded = functools.reduce(self._fold_ended, values) if values else None
        with self._mutex:
            self._ended = () if folded is None else (folded,)
            for cell in ended:
                self._cells.pop(cell, None)


class WaitsToSayItIsOver(ThreadLocal[T]):
    """An interrupt of the last wait leaves a fold that never ends: none will begin after it."""

    def _sweep(self) -> None:
        assert self._fold_ended is not None
        with self._mutex:
            if self._is_folding:
                return
            self._is_folding = True
            ended = [cell for cell in self._cells if cell.owner() is None]
            values = [*self._ended, *(cell.value for cell in ended)]
        try:
            folded = (functools.reduce(self._fold_ended, values),) if values else ()
            with self._mutex:
                self._ended = folded
                for cell in ended:
                    del self._cells[cell]
        finally:
            with self._mutex:
                self._sweep_at = max(thread_local._FEW, 2 * len(self._cells))
                self._is_folding = False


class ForgetsByHalves(ThreadLocal[T]):
    """An interrupt leaves a value that all the others see, and the thread itself can neither read nor delete."""

    def delete(self) -> None:
        cell = self._own.cell
        del self._own.cell
        with self._mutex:
            self._cells.pop(cell, None)
        del self._own.mark
