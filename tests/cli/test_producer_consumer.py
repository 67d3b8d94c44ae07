"""``concli producer-consumer``; what it shares with ``bounded-buffer`` is tested there."""

import json

from tests.conftest import RunConcli


def test_all_that_is_produced_is_consumed(concli: RunConcli) -> None:
    done = concli("producer-consumer", "--producers", "3", "--consumers", "2", "--ops", "1001", "--json", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    report = json.loads(done.stdout)
    assert report["totals"] == {"produced": 1001, "consumed": 1001, "left": 0}
    assert [thread["name"] for thread in report["threads"]] == [
        "consumer-1",
        "consumer-2",
        "producer-1",
        "producer-2",
        "producer-3",
    ]
