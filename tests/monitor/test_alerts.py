"""Alerts: how they are written, and when they go off."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.errors import UsageError
from concli.monitor import Sample, rates_between
from concli.monitor.alerts import METRICS, Verdict, Watch, parse_alert, shown
from tests.monitor.figures import process, sample, thread


def judge(text: str, *samples: Sample) -> Verdict:
    watch = Watch(parse_alert(text))
    before = None
    for now in samples:
        watch.add(now, rates_between(before, now))
        before = now
    return watch.verdict()


@pytest.mark.parametrize(
    ("text", "metric", "limit"),
    [
        ("rss > 500MiB", "rss", 500 << 20),
        ("rss>=1.5g", "rss", 1.5 * (1 << 30)),
        ("  rss > 4096 ", "rss", 4096),
        ("threads > 64", "threads", 64),
        ("cpu > 150%", "cpu", 1.5),
        ("cpu > 1.5", "cpu", 1.5),
        ("read_rate > 10 MiB/s", "read_rate", 10 << 20),
        ("write_rate > 10k", "write_rate", 10 << 10),
        ("operations < 100/s", "operations", 100),
    ],
)
def test_an_alert_is_a_metric_an_operator_and_a_limit(text: str, metric: str, limit: float) -> None:
    alert = parse_alert(text)
    assert (alert.text, alert.metric, alert.limit) == (text.strip(), metric, limit)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("memory > 5", "there is no 'memory'; known are rss, "),
        ("rss", "write it as 'rss > 500MiB'"),
        ("rss = 5", "write it as"),
        ("rss > five", "write it as"),
        ("rss > 5%", "rss is bytes"),
        ("cpu > 5MiB", "cpu is a share"),
        ("threads > 5k", "threads is a number"),
        ("rss > 5MiB/s", "leave out '/s'"),
        ("", "write it as"),
    ],
)
def test_what_is_no_alert_is_refused_in_one_line_that_says_why(text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_alert(text)
    assert str(error.value).startswith("--fail-if ")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@given(st.text(max_size=20))
def test_any_text_is_an_alert_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse_alert(text).metric in METRICS


def test_it_tells_when_the_limit_was_first_passed_and_the_worst_value() -> None:
    found = judge("rss > 100", *(sample(at, process(rss=rss)) for at, rss in enumerate([100, 101, 300, 50])))
    assert (found.failed, found.first_s, found.worst, found.judged) == (True, 1, 300, 4)
    assert found.first_wall == "2030-01-01T00:00:01.000Z"
    assert found.check() == ("fail if rss > 100", False, "most 300B, first after 1.0 s (2030-01-01T00:00:01.000Z)")


def test_a_limit_that_held_says_how_near_it_came() -> None:
    check = judge("rss > 1KiB", sample(0, process(rss=10)), sample(1, process(rss=1024))).check()
    assert (check.passed, check.detail) == (True, "most 1.0KiB")


def test_below_a_limit_the_least_is_the_worst() -> None:
    found = judge("threads < 3", sample(0, process(threads=5)), sample(1, process(threads=2)))
    assert (found.failed, found.worst, found.check().detail[:7]) == (True, 2, "least 2")


def test_a_rate_is_not_judged_at_the_first_sample() -> None:
    assert judge("cpu < 50%", sample(0, process(cpu=0))).judged == 0
    assert judge("cpu < 50%", sample(0, process(cpu=0)), sample(1, process(cpu=0.4))).failed


def test_nothing_is_judged_where_there_is_no_process_any_more() -> None:
    assert not judge("threads < 1", sample(0, process()), sample(1, gone=(1,))).failed


def test_what_nobody_tells_has_not_held() -> None:
    check = judge("operations < 5", sample(0, thread()), sample(1, thread())).check()
    assert not check.passed
    assert check.detail == "nothing told operations while it was watched"


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_judged_where_all_is_told(metric: str) -> None:
    told: dict[str, Any] = {"run_wait_s": 0.0, "voluntary": 0, "involuntary": 0, "operations": 0, "errors": 0}
    before = sample(0, process(read_bytes=0, written_bytes=0, open_files=1), thread(**told))
    grown: dict[str, Any] = dict.fromkeys(told, 8)
    after = sample(
        2,
        process(cpu=8, rss=8, threads=4, read_bytes=8, written_bytes=8, open_files=4),
        *(thread(tid, cpu=8 if tid == 1 else 0, **(grown if tid == 1 else told)) for tid in (1, 2)),
    )
    after = after._replace(processes=(*after.processes, *(process(pid, threads=0) for pid in (2, 3, 4))))
    value = {"rss": 8, "switches": 8}.get(metric, 4)
    assert judge(f"{metric} > 0", before, after).worst == value


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [("rss", 3 << 29, "1.5GiB"), ("cpu", 1.5, "150%"), ("threads", 1234, "1,234"), ("read_rate", 5 << 20, "5.0MiB/s")],
)
def test_a_value_is_shown_in_the_unit_of_its_metric(metric: str, value: float, text: str) -> None:
    assert shown(metric, value) == text
