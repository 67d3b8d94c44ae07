"""A source, transformers and a collector, each in threads of their own, over bounded buffers.

::

    source --waiting--> transformers --done--> collector --written--> sync
       ^------------------- free slots -----------'

A chunk is in flight in a slot, and there is a fixed number of these: that is what bounds the memory.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from concli.arrays.fft._source import ChunkError, ReadError, Source
from concli.arrays.fft.collect import Collector, Slot
from concli.arrays.fft.transform import Transformed, Unit
from concli.arrays.travel import put
from concli.engines.engine import Place
from concli.metrics import Run, Stage
from concli.patterns import BoundedBuffer, BufferStatistics, ProducerConsumer, ThreadGroup, _sync

__all__ = ["Pipeline"]

# Before a chunk is tried again: twice as long each time.
_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0


class Pipeline:
    """What runs in it: ``place``, called by ``workers`` threads; ``slots`` for the chunks in flight.

    A chunk that fails for what may pass, an error of reading or a lack of memory, is tried ``retries`` times again,
    with a pause that grows; one that is damaged is not. If a failure ``stops``, no other chunk is begun after it.
    """

    def __init__(
        self,
        source: Source,
        place: Place[Unit, Transformed],
        workers: int,
        collector: Collector,
        slots: Sequence[Slot],
        *,
        syncs: bool,
        retries: int = 0,
        stops: bool = False,
    ) -> None:
        self._source = source
        self._place, self._workers = place, workers
        self._collector = collector
        self._syncs = syncs
        self._retries = retries
        self._stops = stops
        self.has_stopped = False  # written by the collector alone
        room = len(slots)
        self._stopping = _sync.Event()  # whoever pauses must know
        self._free, self._waiting, self._done = (BoundedBuffer[Slot](room) for _ in range(3))
        self._written = BoundedBuffer[int](max(room, 64))
        self._free.put_many(slots)

    def run(self, numbers: Sequence[int], run: Run) -> None:
        """Do the chunks with these numbers, registering the stages on ``run``; what fails is raised, in a group."""
        read = run.stage("read", sink=_Room(self._free), unit="chunks")
        work = run.stage("transform", workers=self._workers, source=self._waiting, sink=self._done, unit="chunks")
        collect = run.stage("collect", source=self._done, sink=self._written, unit="chunks")
        with ThreadGroup(around=run.threads.watch) as group:
            group.on_stop(self._stopping.set)
            group.on_stop(self._free.shutdown)
            group.on_stop(self._place.cancel)
            if self._syncs:
                group.on_stop(lambda: self._written.shutdown(immediate=True))
                group.spawn(self._sync, run.stage("sync", source=self._written, unit="chunks"), name="sync")
            ProducerConsumer[Slot](
                [],
                [self._collecting(collect)],
                buffer=self._done,
                group=group,
                at_end=self._written.shutdown,
                names=("", "collect"),
            ).start()
            ProducerConsumer[Slot](
                [lambda: self._read(numbers, read)],
                [self._transforming(work)] * self._workers,
                buffer=self._waiting,
                group=group,
                at_end=self._done.shutdown,
                names=("read", "transform"),
            ).start()

    def _read(self, numbers: Sequence[int], stage: Stage) -> Iterator[Slot]:
        for number in numbers:
            slot = self._free.get()
            if self.has_stopped:
                return
            began = time.perf_counter()
            slot.begin(number)
            self._attempt(slot, self._load)
            size = slot.input_bytes
            stage.record(time.perf_counter() - began, items_out=1, bytes_in=size, bytes_out=size)
            yield slot

    def _transforming(self, stage: Stage) -> Callable[[Slot], None]:
        def transform(slot: Slot) -> None:
            began = time.perf_counter()
            if not slot.error:
                self._attempt(slot, self._transform)
            is_good = not slot.error
            stage.record(
                time.perf_counter() - began,
                items_in=1,
                items_out=int(is_good),
                bytes_in=slot.input_bytes,
                bytes_out=slot.result.nbytes if is_good else 0,
                errors=int(not is_good),
            )
            self._done.put(slot)

        return transform

    def _collecting(self, stage: Stage) -> Callable[[Slot], None]:
        def collect(slot: Slot) -> None:
            began = time.perf_counter()
            is_good = self._collector.collect(slot)
            if not is_good and self._stops:
                self.has_stopped = True
            size, number = slot.result.nbytes, slot.number
            slot.begin(-1)
            self._free.put(slot)
            written = size if self._syncs else 0
            stage.record(time.perf_counter() - began, items_in=1, items_out=1, bytes_in=size, bytes_out=written)
            if self._syncs:
                self._written.put(number)

        return collect

    def _sync(self, stage: Stage) -> None:
        for _ in self._written:
            began = time.perf_counter()
            if count := self._collector.sync_now_and_then():
                stage.record(time.perf_counter() - began, items_in=count, items_out=count)

    def _attempt(self, slot: Slot, act: Callable[[Slot], None]) -> None:
        """Do it; ``slot.error`` says in the end what was wrong."""
        for number in range(self._retries + 1):
            try:
                act(slot)
            except (ReadError, MemoryError) as error:
                slot.error = str(error) or "there is not enough memory"
            except (ChunkError, ArithmeticError, ValueError) as error:
                slot.error = str(error) or type(error).__name__
                return
            else:
                slot.error = ""
                return
            if number < self._retries and self._stopping.wait(min(_PAUSE_S * 2**number, _LONGEST_PAUSE_S)):
                return

    def _load(self, slot: Slot) -> None:
        slot.values = self._source.load(slot.number, slot.spare)
        slot.again = self._source.again(slot.number)

    def _transform(self, slot: Slot) -> None:
        values = slot.values
        if values is None:
            raise ChunkError("there is nothing in it")
        done = self._place(Unit(slot.number, values, slot.result, slot.again))
        put(done.out, slot.result)
        slot.digest = done.digest
        slot.is_finite = bool(np.isfinite(slot.result[0, 0]))  # the mean's: one value that is not makes it so too


class _Room:
    """The free slots as the buffer that the source puts into: it waits for one to come free."""

    def __init__(self, free: BoundedBuffer[Slot]) -> None:
        self._free = free

    def statistics(self) -> BufferStatistics:
        free = self._free.statistics()
        return free._replace(put_wait_s=free.get_wait_s)
