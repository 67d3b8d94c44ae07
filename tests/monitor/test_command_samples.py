"""A command is sampled from its beginning to its end."""

import os
import sys
from pathlib import Path

import pytest

from concli.monitor import command_samples as module
from concli.monitor.command_samples import samples_of
from concli.monitor.launch import Ending
from concli.monitor.sample import Sample
from concli.monitor.sampler import Sampler

FOR_EVER_S = 3600.0


def watched(*words: str, interval_s: float = FOR_EVER_S) -> tuple[list[Sample], list[Ending]]:
    endings: list[Ending] = []
    return list(samples_of(words, endings.append, interval_s=interval_s)), endings


def test_the_first_and_the_last_moment_are_sampled_however_long_the_interval() -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    samples, endings = watched(sys.executable, "-ISc", burn)
    assert len(samples) == 2
    assert [ending.exit_code for ending in endings] == [0]
    first, last = (sample.processes[0] for sample in samples)
    assert first.pid == last.pid
    used = last.user_s + last.system_s
    if sys.platform == "linux":  # it has used it after the first sample, and the last comes when it has ended
        assert used == pytest.approx(endings[0].user_s + endings[0].system_s, abs=0.03)
        assert first.user_s + first.system_s < used


def test_a_command_that_ends_before_it_can_be_looked_at_is_told_of_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(pid: int, **options: object) -> Sampler:
        if pid != os.getpid():
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return Sampler(pid, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "Sampler", too_late)
    samples, endings = watched("sh", "-c", "exit 3")
    assert [ending.exit_code for ending in endings] == [3]
    assert [len(sample.processes) for sample in samples] == [1, 1]
    assert samples[0].time_s == 0 < samples[1].time_s
    assert samples[1].processes[0].rss_bytes > 0
    assert "before it could be looked at" in (samples[1].problem or "")


def test_nothing_is_started_before_the_first_sample_is_asked_for(tmp_path: Path) -> None:
    place = tmp_path / "started"
    samples = samples_of(["touch", str(place)], lambda _: None, interval_s=1.0)
    samples.close()
    assert not place.exists()


def test_a_command_is_waited_for_when_no_more_samples_are_wanted(tmp_path: Path) -> None:
    place = tmp_path / "done"
    samples = samples_of(["sh", "-c", f"sleep 0.05; : > '{place}'"], lambda _: None, interval_s=FOR_EVER_S)
    next(samples)
    samples.close()
    assert place.exists()


def test_it_is_asked_to_publish() -> None:
    _, endings = watched("sh", "-c", 'exit "$CONCLI_PUBLISH"')
    assert endings[0].exit_code == 1
