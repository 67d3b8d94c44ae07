"""Thread groups with one mistake each."""

from concli.patterns import ThreadGroup


class TakesFailuresFirst(ThreadGroup):
    """Takes the failures, and then waits for the last moments of the threads: an interrupt loses them."""

    def wait(self, timeout: float | None = None) -> bool:
        with self._mutex:
            is_over = not self._alive
            threads = list(self._threads)
            failures = self._failures
            if is_over:
                self._failures = []
        if not is_over:
            return super().wait(timeout)
        for thread in threads:
            thread.join()
        if failures:
            raise BaseExceptionGroup("threads failed", failures)
        return True


class TellsNobody(ThreadGroup):
    """The last thread that ends does not say so."""

    def _ended(self) -> None:
        with self._mutex:
            self._alive -= 1


class StopsHalfway(ThreadGroup):
    """A stop that is interrupted forgets what it has not called yet."""

    def stop(self) -> None:
        with self._mutex:
            callbacks = [] if self._is_stopped else self._callbacks
            self._is_stopped = True
        for callback in callbacks:
            callback()
