"""The lab of the thread pool: submitters hand it calls and take the results, its workers do the work."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from concli.lab._account import summed
from concli.lab._executor import ExecutorSubject, PoolShape
from concli.lab.experiment import Contender, Experiment
from concli.lab.load import Load
from concli.metrics import Check
from concli.metrics.report import QueueUsage
from concli.patterns import ThreadPool

__all__ = ["ExecutorSubject", "PoolShape", "PoolSubject", "thread_pool"]


def thread_pool(shape: PoolShape) -> Experiment:
    """Return the experiment: ``ThreadPool`` beside the standard library's."""
    remark = "has no bound" if shape.queue else ""
    peer = Contender(
        "ThreadPoolExecutor", lambda: ExecutorSubject(shape, ThreadPoolExecutor(shape.workers, "worker")), remark
    )
    return Experiment(Contender("ThreadPool", lambda: PoolSubject(shape)), [peer])


class PoolSubject(ExecutorSubject):
    """A ``ThreadPool``, which can tell of itself. Two tasks a worker in its statistics are the lab's own."""

    def __init__(self, shape: PoolShape) -> None:
        pool = ThreadPool(shape.workers, "worker", max_queue=shape.queue)
        super().__init__(shape, pool)
        self._statistics = pool.statistics

    def depth(self) -> int:
        """Return the number of tasks that wait for a worker."""
        return self._statistics().queued

    def queue(self) -> QueueUsage | None:
        """Return the use of the queue; its mean is that of the samples."""
        samples = self._load.depths.samples if self._load else []
        now = self._statistics()
        mean = sum(samples) / len(samples) if samples else 0.0
        return QueueUsage(self.shape.queue, now.peak, mean, now.queued, "tasks")

    def figures(self) -> Mapping[str, object]:
        """Return the pool's statistics."""
        return self._statistics()._asdict()

    def checks(self, load: Load) -> Iterable[Check]:
        """Check the calls, and that the pool's own statistics say the same."""
        yield from super().checks(load)
        now, uncertain = self._statistics(), self.uncertain(load) + 2 * self.shape.workers * bool(load.abandoned)
        submitted = summed(self.submitted)
        failed = sum(worker.injected for worker in load.of("worker"))
        wanted = (submitted.count - failed + 2 * self.shape.workers, failed, submitted.cancelled)
        agrees = all(
            abs(one - other) <= uncertain
            for one, other in zip((now.completed, now.failed, now.cancelled), wanted, strict=True)
        )
        over = uncertain or (now.queued, now.running) == (0, 0)
        adds_up = now.submitted == now.queued + now.running + now.completed + now.failed + now.cancelled
        detail = f"{now.completed:,} completed of {wanted[0]:,}, {now.failed:,} failed, {now.cancelled:,} cancelled"
        yield Check("the statistics add up", bool(agrees and over and adds_up), detail)
        fits = not self.shape.queue or now.peak <= self.shape.queue
        yield Check("never more waiting than may", fits, f"at most {now.peak:,} of {self.shape.queue or 'any'}")
