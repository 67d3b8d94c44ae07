"""What is to be explored: how the object is made, and which thread calls what on it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, Literal, NamedTuple, get_args

from concli.verify.linearizability import Model

__all__ = ["Granularity", "Op", "Operation", "Scenario", "Spec", "generate", "scenario"]

Granularity = Literal["primitive", "line", "opcode"]


class Op(NamedTuple):
    """One call: the name of an action or a method, and its arguments, all of which JSON knows."""

    name: str
    args: tuple[Any, ...] = ()


class Operation(NamedTuple):
    """How scenarios come to contain a call: how often, and with which arguments.

    ``args`` gets a source of chance and a number that no other call of the scenario gets.
    """

    name: str
    args: Callable[[Random, int], tuple[Any, ...]] = lambda _random, _serial: ()
    weight: int = 1


class Spec(NamedTuple):
    """What is known of a class: how to make one, its operations, its model, and what must hold of it.

    ``make(**config)`` makes the object and ``model(**config)`` its specification; without one only hangs,
    exceptions and the invariant are looked at. ``actions[name](object, *args)`` is called in place of
    the method ``name``. ``raises`` are the exceptions that belong to the class: any other is a violation,
    whatever the model says. ``invariant(object)`` is called when everything stands still, and raises or returns
    False if something is wrong. Then ``finish(object)`` ends it (``shutdown()``): afterwards none of its own
    threads may be left. ``program`` makes all calls of one thread where those depend on each other
    (an acquire and its release). ``watched`` are the classes, functions and modules whose lines can be
    made switch points; ``granularity`` says whether they are, in the scenarios drawn (``generate``).
    ``interrupts`` and ``spurious`` are the faults that every other scenario drawn may have in a schedule.
    ``fresh`` are module globals to be made anew for each schedule: (module, name, make).
    """

    name: str
    make: Callable[..., Any]
    model: Callable[..., Model] | None = None
    operations: Sequence[Operation] = ()
    configs: Sequence[Mapping[str, Any]] = ({},)
    actions: Mapping[str, Callable[..., Any]] = {}
    raises: tuple[type[Exception], ...] = ()
    invariant: Callable[[Any], object] | None = None
    finish: Callable[[Any], object] | None = None
    program: Callable[[Random, int, int, Callable[[], int]], Sequence[Op]] | None = None
    watched: tuple[Any, ...] = ()
    fresh: tuple[tuple[Any, str, Callable[[], Any]], ...] = ()
    granularity: Granularity = "primitive"
    interrupts: int = 0
    spurious: int = 0


class Scenario(NamedTuple):
    """A spec, and the calls to make: ``setup`` by one thread alone, then each of ``threads`` at the same time.

    ``interrupts`` and ``spurious`` say how many such faults there may be in a schedule. Timeouts are no
    faults: they may always come.
    """

    spec: Spec
    threads: tuple[tuple[Op, ...], ...]
    setup: tuple[Op, ...] = ()
    config: Mapping[str, Any] = {}
    interrupts: int = 0
    spurious: int = 0
    granularity: Granularity = "primitive"

    def to_json(self) -> dict[str, Any]:
        """Return everything but the spec, in terms that JSON knows."""
        return {
            "config": dict(self.config),
            "setup": [[name, *args] for name, args in self.setup],
            "threads": [[[name, *args] for name, args in thread] for thread in self.threads],
            "interrupts": self.interrupts,
            "spurious": self.spurious,
            "granularity": self.granularity,
        }

    @classmethod
    def from_json(cls, spec: Spec, data: Mapping[str, Any]) -> "Scenario":
        """Return the scenario that ``to_json`` told of; a ``ValueError``, or the like, if it is none."""
        if data["granularity"] not in get_args(Granularity):
            raise ValueError(f"{data['granularity']!r} is no granularity")
        return cls(
            spec,
            tuple(_ops(thread) for thread in data["threads"]),
            _ops(data["setup"]),
            dict(data["config"]),
            int(data["interrupts"]),
            int(data["spurious"]),
            data["granularity"],
        )


def scenario(
    spec: Spec | Callable[[], Any],
    threads: Iterable[Iterable[Sequence[Any]]],
    *,
    setup: Iterable[Sequence[Any]] = (),
    model: Model | None = None,
    invariant: Callable[[Any], object] | None = None,
    finish: Callable[[Any], object] | None = None,
    config: Mapping[str, Any] | None = None,
    interrupts: int = 0,
    spurious: int = 0,
    granularity: Granularity = "primitive",
    watched: tuple[Any, ...] = (),
) -> Scenario:
    """Return a scenario from calls written as ``("put", 1)``; ``spec`` may be just what makes the object.

    >>> made = scenario(list, [[("append", 1)], [("pop",)]])
    >>> made.threads
    ((Op(name='append', args=(1,)),), (Op(name='pop', args=()),))
    """
    if not isinstance(spec, Spec):
        # With a model, that says which exceptions are right; without one, none is.
        raises: tuple[type[Exception], ...] = () if model is None else (Exception,)
        own = (spec,) if isinstance(spec, type) and not watched else watched
        spec = Spec(getattr(spec, "__name__", "object"), spec, raises=raises, watched=own)
    if model is not None:
        spec = spec._replace(model=lambda **_: model)
    if invariant is not None:
        spec = spec._replace(invariant=invariant)
    if finish is not None:
        spec = spec._replace(finish=finish)
    lists = tuple(_ops(thread) for thread in threads)
    return Scenario(spec, lists, _ops(setup), config or {}, interrupts, spurious, granularity)


def generate(spec: Spec, random: Random, *, threads: int = 3, operations: int = 4, has_faults: bool = True) -> Scenario:
    """Return a scenario of ``threads`` by ``operations`` calls, drawn from those of the spec.

    It has the granularity of the spec and, if it ``has_faults``, as many as the spec says. ``explore`` gives
    them to every other scenario, the first one excepted: without faults the rest shows best.
    """
    serial = 0

    def number() -> int:
        nonlocal serial
        serial += 1
        return serial

    config = random.choice(list(spec.configs))
    programs: list[tuple[Op, ...]] = []
    for thread in range(threads):
        if spec.program is not None:
            programs.append(tuple(spec.program(random, thread, operations, number)))
            continue
        if not spec.operations:
            raise ValueError(f"{spec.name} declares no operations to draw from")
        drawn = random.choices(spec.operations, [operation.weight for operation in spec.operations], k=operations)
        programs.append(tuple(Op(operation.name, operation.args(random, number())) for operation in drawn))
    made = Scenario(spec, tuple(programs), config=config, granularity=spec.granularity)
    return made._replace(interrupts=spec.interrupts, spurious=spec.spurious) if has_faults else made


def _ops(calls: Iterable[Sequence[Any]]) -> tuple[Op, ...]:
    return tuple(call if isinstance(call, Op) else _op(*call) for call in calls)


def _op(name: str, *args: Any) -> Op:
    return Op(name, args)
