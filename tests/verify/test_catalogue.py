import json
from random import Random

import pytest

from concli.verify import Scenario, Spec, generate
from concli.verify.catalogue import PATTERNS, STRATEGY, budget_of, spec_named, spec_of
from concli.verify.strategy import make_strategy


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_has_a_spec_whose_scenarios_can_be_written_down(pattern: str) -> None:
    spec = spec_of(pattern)
    for seed in range(20):
        made = generate(spec, Random(seed), threads=2 + seed % 3)
        assert Scenario.from_json(spec, json.loads(json.dumps(made.to_json()))) == made
        assert any(made.threads)


def test_a_spec_is_found_by_either_name() -> None:
    spec = spec_of("bounded-buffer")
    assert isinstance(spec, Spec)
    assert spec_named("bounded-buffer") is spec_named(spec.name) is spec


@pytest.mark.parametrize("name", ["", "no-such", "bounded_buffer", "os"])
def test_an_unknown_name_is_an_error_that_tells_which_there_are(name: str) -> None:
    with pytest.raises(ValueError, match="bounded-buffer, channel"):
        spec_of(name)
    with pytest.raises(ValueError, match="there is no pattern"):
        spec_named(name)


def test_every_strategy_has_a_budget() -> None:
    assert budget_of(STRATEGY) == budget_of("random")
    for name in ("random", "pct", "dfs"):
        make_strategy(name)
        assert min(budget_of(name)) > 0
