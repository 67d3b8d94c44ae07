"""What happens in a generated log."""

from random import Random

from concli.logs.generate.events import Events


def test_trouble_makes_more_errors() -> None:
    events = Events(Random(1))
    shares = [
        sum(events.next(is_trouble=is_trouble).level in ("ERROR", "CRITICAL") for _ in range(2000)) / 2000
        for is_trouble in (False, True)
    ]
    assert 2 * shares[0] < 0.2 < shares[1]


def test_stack_traces_are_of_the_language_and_belong_to_errors() -> None:
    for language, sign in (("python", "Traceback"), ("java", "Exception")):
        events = [Events(Random(n), 1.0, language).next(is_trouble=False) for n in range(9)]
        assert all(event.level == "ERROR" and sign in event.trace[0] for event in events)
    assert not Events(Random(1), 1.0).next(is_trouble=False).trace
