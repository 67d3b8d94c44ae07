"""What a thread-local value is: whoever reads all finds each thread's once, also those of threads that have ended."""

from collections import Counter
from collections.abc import Callable

from concli.patterns import _sync, thread_local
from concli.patterns.thread_local import ThreadLocal
from concli.verify.scenario import Operation, Spec

__all__ = ["THREAD_LOCAL", "Tallies"]

# What a thread keeps: the numbers that it was given, never changed but replaced.
_Tally = tuple[int, ...]


class Tallies:
    """A list for each thread, and the books on what was put into them.

    What is read while others write needn't be a state that ever was. But nothing may be missing that was in
    before the reading began, or be there twice, or before it was put in.
    """

    def __init__(self, make: Callable[..., ThreadLocal[_Tally]] = ThreadLocal, *, does_fold: bool = True) -> None:
        self._tallies = make(tuple[int, ...], fold_ended=_both if does_fold else None)
        self._begun: set[int] = set()
        self._done: set[int] = set()
        self._dropping: set[int] = set()  # what threads may be forgetting, or have forgotten
        self._own: dict[int, set[int]] = {}  # by thread: what it has, as far as it knows

    def add(self, number: int) -> None:
        """Put a number into the calling thread's tally."""
        self._begun.add(number)
        before = self._tallies.get()
        self._own.setdefault(_sync.get_ident(), set()).add(number)
        self._tallies.set((*before, number))
        self._done.add(number)

    def begin(self, number: int) -> None:
        """Have a short-lived thread put a number into a tally of its own."""
        thread = _sync.Thread(target=self.add, args=(number,), name=f"brief-{number}")
        thread.start()
        thread.join()

    def delete(self, _number: int) -> None:
        """Forget what the calling thread has."""
        own = self._own.pop(_sync.get_ident(), None)
        if own is None:
            return
        self._dropping |= own
        try:
            self._tallies.delete()
        except BaseException:  # an interrupt: then nothing is forgotten, and it can be done again
            self._dropping -= own
            self._own[_sync.get_ident()] = own
            self.own()
            raise

    def own(self) -> None:
        """Look at what the calling thread has."""
        own = self._own.get(_sync.get_ident(), set())
        assert set(self._tallies.get()) == own, "another thread's value"  # noqa: S101 - that is what it is for

    def read(self) -> None:
        """Look at what all have."""
        expected = self._done.copy()
        found = Counter(self._all())
        missing = expected - self._dropping - found.keys()
        assert not missing, f"not there: {missing}"  # noqa: S101 - as above
        assert max(found.values(), default=1) == 1, f"twice: {found}"  # noqa: S101 - as above
        assert found.keys() <= self._begun, "from nowhere"  # noqa: S101 - as above

    def check(self) -> None:
        """Raise if, everything standing still, not just what is expected is there."""
        self.read()
        kept = self._dropping & set(self._all())
        assert not kept, f"not forgotten: {kept}"  # noqa: S101 - as above
        assert not self._tallies._is_folding, "nobody will ever fold again"  # noqa: S101, SLF001 - as above

    def _all(self) -> _Tally:
        none: _Tally = ()
        return self._tallies.fold(_both, none)


def _both(first: _Tally, second: _Tally) -> _Tally:
    _sync.checkpoint()
    return first + second


def _number(_random: object, serial: int) -> tuple[int]:
    return (serial,)


THREAD_LOCAL = Spec(
    "ThreadLocal",
    Tallies,
    operations=[
        Operation("add", _number, 4),
        Operation("begin", _number, 4),
        Operation("read", weight=4),
        Operation("delete", _number, 1),
        Operation("own", weight=1),
    ],
    configs=[{"does_fold": True}, {"does_fold": True}, {"does_fold": False}],
    invariant=Tallies.check,
    watched=(ThreadLocal.values, ThreadLocal._sweep),  # noqa: SLF001 - what goes on beside the mutex
    granularity="line",
    interrupts=1,
    # So that two threads that have ended are enough to be folded.
    fresh=((thread_local, "_FEW", lambda: 1),),
)
