"""The peak is what all workers do together."""

import numpy as np
import pytest

from concli.arrays import calibrate
from concli.arrays.calibrate import Peak
from tests.arrays.products import crew_of


def test_workers_beyond_the_cpus_add_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "usable_cpus", lambda: 2)
    peak = Peak(np.dtype("f8"), workers=8)
    peak._best[:] = [5.0] * 8
    assert peak.per_s == 10


def test_it_is_measured_for_every_kind() -> None:
    for kind in ("f8", "f4", "c16"):
        peak = Peak(np.dtype(kind), workers=2)
        crew_of(2, peak.program)
        assert all(peak._best)
        assert 0 < peak.per_s <= sum(peak._best)
