"""One run of a lab: a warm-up, the measured turn with its checks, and the comparison."""

import time
from collections.abc import Mapping
from functools import partial

from concli.lab.compare import Comparison, compare
from concli.lab.experiment import Experiment, Workload
from concli.lab.figures import figures_of, usage_of
from concli.lab.load import Load
from concli.lab.verdict import Side, verdict
from concli.lab.worker import Role, Worker
from concli.metrics import Check, Run, Verdict
from concli.metrics.host import host, process_cpu_s
from concli.patterns import _sync

__all__ = ["measuring_s", "run_lab"]

_CALIBRATION = 20_000


def run_lab(experiment: Experiment, workload: Workload, run: Run) -> None:
    """Put concli's own pattern under the workload; then, if asked, all contenders in turns.

    Everything is registered on ``run``, which can be read meanwhile. An interrupt is raised when all that was
    done until then has been checked. Raises ``UsageError`` if there are more threads than the machine can start.
    """
    try:
        cost_s = measuring_s()
        if workload.warmup_s:
            Load(experiment.ours.make(), workload._replace(ops=None, duration_s=workload.warmup_s)).run()
        turn = _Turn(experiment, workload, run, cost_s)
        turn.run()
        if workload.compare:
            try:
                compare(experiment, workload, lambda so_far: setattr(turn, "comparison", so_far))
            finally:
                for check in turn.comparison.checks if turn.comparison else ():
                    run.check(*check)
    finally:
        run.end()


def measuring_s() -> float:
    """Return the seconds that measuring adds to an operation, on this machine and now."""
    gate = _sync.Event()
    gate.set()
    worker = Worker(Role("nobody", 1, lambda _: None), 0, gate=gate, quota=_CALIBRATION)
    began = time.perf_counter()
    for _ in worker.laps():
        pass
    measured = time.perf_counter()
    for _ in range(_CALIBRATION):
        pass
    return max(0.0, 2 * measured - began - time.perf_counter()) / _CALIBRATION


class _Turn:
    """The measured turn, as the run reads it."""

    def __init__(self, experiment: Experiment, workload: Workload, run: Run, cost_s: float) -> None:
        self.subject = experiment.ours.make()
        self.load = Load(self.subject, workload, run.threads, run.trace)
        self.comparison: Comparison | None = None
        self._run = run
        self._pattern = experiment.ours.name
        self._cost_s = cost_s
        self._cpu_before_s = process_cpu_s()
        self._cpu_s: float | None = None
        for role in self.subject.roles:
            run.register(partial(usage_of, self.load, role))
        run.totals = lambda: self.subject.totals(self.load)
        run.result = self.result
        run.verdict = lambda: Verdict(*self._verdict())

    def run(self) -> None:
        """Run it and check it; what an interrupt leaves of it too, if it had begun."""
        try:
            self.load.run()
        except BaseException:
            if self.load.elapsed_s:
                self._check()
            raise
        self._check()

    def result(self) -> Mapping[str, object]:
        """Return what the lab alone reports."""
        load = self.load
        depths = load.depths
        return {
            "pattern": self._pattern,
            "elapsed_s": load.elapsed_s,
            "items": load.done(),
            "items_per_s": load.done() / load.elapsed_s if load.elapsed_s else 0.0,
            "roles": [figures_of(load, role) for role in self.subject.roles],
            "depth": {"period_s": depths.period_s, "samples": depths.samples, "queue": self.subject.queue()},
            "subject": dict(self.subject.figures()),
            "verdict": self._verdict()[1],
            "cut_short": load.cut_short,
            "abandoned": list(load.abandoned),
            "measuring_ns": self._cost_s * 1e9,
            "comparison": self.comparison,
        }

    def _check(self) -> None:
        """Register the outcome of all checks; the threads have ended, or are known to be stuck."""
        load, workload, workers = self.load, self.load.workload, self.load.workers
        self._cpu_s = process_cpu_s() - self._cpu_before_s
        fail = load.failures
        unexpected = "; ".join(f"{type(error).__name__}: {error}" for error in fail[:3])
        checks = [Check("no operation fails unasked", not fail, unexpected or "none did")]
        if workload.ops is not None and not load.cut_short:
            driven = sum(load.items(role.name) for role in self.subject.roles if role.drives)
            checks.append(Check("as many as asked for", driven == workload.ops, f"{driven:,} of {workload.ops:,}"))
        if workload.fail:
            thrown, seen = sum(worker.injected for worker in workers), sum(worker.failed for worker in workers)
            checks.append(Check("every failure arrives", thrown == seen, f"{thrown:,} thrown in, {seen:,} seen"))
        if not load.abandoned:
            summed = sum(usage.operations for usage in self._run.threads.snapshot())
            counted = sum(worker.operations for worker in workers)
            detail = f"{summed:,} by thread, {counted:,} by role"
            checks.append(Check("the threads' figures add up", summed == counted, detail))
        for check in [*checks, *self.subject.checks(load)]:
            self._run.check(*check)

    def _verdict(self) -> tuple[str, str]:
        load = self.load
        own = self.subject.advice(load)
        if own is not None:
            return self._pattern, own
        sides = [
            Side(figures_of(load, role), role.waits_for, role.option, role.work.holds_gil)
            for role in self.subject.roles
        ]
        where = host()
        cpu_s = process_cpu_s() - self._cpu_before_s if self._cpu_s is None else self._cpu_s
        return verdict(
            sides, elapsed_s=load.elapsed_s, cpu_s=cpu_s, cpus=where.cpus, gil=where.gil, rate=load.workload.rate
        )
