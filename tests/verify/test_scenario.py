import json
from random import Random

import pytest

from concli.verify import Op, Scenario, Spec, generate, scenario
from tests.verify.buffer import BUFFER


def test_a_scenario_survives_json() -> None:
    made = generate(BUFFER, Random(1))._replace(setup=(Op("put", ("x",)),), interrupts=1, granularity="line")
    assert Scenario.from_json(BUFFER, json.loads(json.dumps(made.to_json()))) == made


def test_scenarios_are_drawn_from_the_seed_and_have_the_size_asked_for() -> None:
    made = generate(BUFFER, Random(1), threads=2, operations=5)
    assert made == generate(BUFFER, Random(1), threads=2, operations=5)
    assert [len(ops) for ops in made.threads] == [5, 5]


def test_no_item_is_put_twice() -> None:
    made = generate(BUFFER, Random(2), threads=4, operations=10)
    items = [op.args[0] for ops in made.threads for op in ops if op.name == "put"]
    assert len(items) == len(set(items)) > 5


def test_a_spec_may_write_the_calls_of_a_thread_itself() -> None:
    spec = Spec("x", object, program=lambda _random, thread, count, _serial: [Op(f"t{thread}")] * count)
    assert generate(spec, Random(0), threads=2, operations=2).threads == ((Op("t0"),) * 2, (Op("t1"),) * 2)


def test_a_spec_without_operations_gives_no_scenario() -> None:
    with pytest.raises(ValueError, match="declares no operations"):
        generate(Spec("x", object), Random(0))


def test_a_spec_says_how_fine_its_scenarios_are_and_which_faults_they_have() -> None:
    spec = BUFFER._replace(granularity="line", interrupts=2, spurious=1)
    made = generate(spec, Random(1))
    assert (made.granularity, made.interrupts, made.spurious) == ("line", 2, 1)
    spared = generate(spec, Random(1), has_faults=False)
    assert spared == made._replace(interrupts=0, spurious=0)
    assert generate(BUFFER, Random(1)).granularity == "primitive"


def test_without_a_model_every_exception_is_wrong() -> None:
    assert scenario(list, [[("pop",)]]).spec.raises == ()
