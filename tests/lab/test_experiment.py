"""A subject that overrides nothing has an answer to everything."""

from concli.lab import Load, Subject, Workload


def test_the_defaults_say_that_there_is_nothing() -> None:
    subject = Subject()
    load = Load(subject, Workload(ops=1))
    load.run()
    assert (subject.depth(), subject.queue(), subject.advice(load)) == (None, None, None)
    assert list(subject.checks(load)) == []
    assert subject.totals(load) == subject.figures() == subject.waited_s() == {}
