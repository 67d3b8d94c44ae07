"""What is told of a product, at any moment."""

import json
from typing import Any

import pytest

from concli.arrays import blocked
from concli.arrays.matmul import Job, matmul
from concli.metrics import Report, Run
from tests.arrays.products import multiply


def test_the_shares_and_counts_add_up() -> None:
    _, report = multiply(size=(900, 300, 700), normalize="rows")
    result: Any = report.result
    assert sum(worker["tiles"] for worker in result["workers"]) == result["tiles"]["all"] == report.totals["tiles"]
    assert abs(sum(worker["share"] for worker in result["workers"]) - 1) < 1e-9
    assert report.totals["operations"] == 2 * 900 * 300 * 700
    assert result["barrier"]["rounds"] > 2
    assert report.bottleneck is not None
    assert report.bottleneck.stage in {stage.name for stage in report.stages}
    assert json.loads(report.to_json())["result"]["check"]["wrong"] is None


def test_while_it_is_made_the_rate_so_far_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run, seen = Run("matmul", {}), list[Report]()
    flops = blocked.Blocked._flops

    def look(self: Any, tile: Any) -> int:
        seen.append(run.snapshot())
        return flops(self, tile)

    monkeypatch.setattr(blocked.Blocked, "_flops", look)
    matmul(Job(size=(100, 100, 100), threads=1), run)
    result: Any = seen[-1].result
    assert result["tiles"]["all"] == 1
    assert result["multiply_s"] > 0
    assert result["check"] is None
    assert result["peak_gflops_per_s"] > 0
