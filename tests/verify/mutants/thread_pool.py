"""Thread pools with one mistake each."""

from concli.patterns import ThreadPool, _sync
from concli.patterns._at_exit import enlist
from concli.patterns._crew import Crew
from concli.patterns._worker import Task, Worker
from concli.patterns.thread_pool import _shut_down


class RestsWithoutTheLock(Worker):
    """Looks at the queue, then says that it is idle: a task that comes in between is queued and never seen."""

    def _rest(self) -> bool:
        crew = self._crew
        if crew.queue:
            return True
        if crew.refusal is not None:
            return False
        _sync.checkpoint()
        crew.idle.append(self)
        self.bell.acquire()
        return True


class TakesWithoutAWord(Crew):
    """The dropped notify: who waits for room in the queue isn't told of it."""

    def take(self, worker: Worker) -> None:
        with self.mutex:
            worker.task = self.queue.popleft()


class KeepsTheRoom(Crew):
    """Who was told of room in the queue, and then finds an idle worker, tells nobody that the room is still there."""

    def submit(self, task: Task) -> None:
        with self.mutex:
            if self.max_queue:
                self._wait_for_room()
            if self.refusal is not None:
                raise self.refusal()
            if not self.workers:
                enlist(self)
            self.submitted += 1
            if self.idle:
                idle = self.idle.pop()
                idle.task = task
                idle.bell.release()
                return
            self.queue.append(task)
            if len(self.workers) >= self.max_workers:
                return
            worker = self._hire()
        worker.thread.start()


class ClearsACopy(Crew):
    """Notes what is in the queue and then empties it, without the lock: a worker may have taken some of it."""

    def clear(self) -> list[Task]:
        left = list(self.queue)
        with self.mutex:
            self.queue.clear()
            self.cancelled += len(left)
            self.submitters.wake_all()
        return left


class LeavesTheRest(ThreadPool):
    """An interrupt while it cancels leaves tasks that nobody will ever run or cancel."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, timeout: float | None = None) -> None:
        self._crew.end(_shut_down)
        if cancel_futures:
            for future, *_ in self._crew.clear():
                future.cancel()
                future.set_running_or_notify_cancel()
        super().shutdown(wait, timeout=timeout)
