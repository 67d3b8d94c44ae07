from concli.verify.history import Call, Raised
from concli.verify.verdict import KINDS, Judge, Violation, in_short
from tests.verify.buffer import QueueModel


def caught() -> Exception:
    try:
        raise KeyError("x")
    except KeyError as error:
        return error


def test_an_exception_that_does_not_belong_to_the_class_is_a_violation() -> None:
    calls = (Call(1, "get", (), 0, 1, Raised("KeyError")),)
    verdict = Judge(None, ()).judge(calls, {0: caught()}, [])
    assert verdict is not None
    assert verdict.kind == "exception"
    assert Judge(None, (KeyError,)).judge(calls, {0: caught()}, []) is None


def test_an_exception_is_told_in_a_line_without_folders() -> None:
    assert in_short(caught()).startswith("KeyError: 'x' (test_verdict.py:")


def test_a_history_is_judged_by_the_model_and_what_can_not_be_hashed_as_well() -> None:
    judge = Judge(QueueModel(), ())
    good = (Call(1, "put", (1,), 0, 1, None), Call(1, "drain", (), 2, 3, [1]))
    bad = (Call(1, "put", (1,), 0, 1, None), Call(1, "get", (), 2, 3, 2))
    for _ in range(2):
        assert judge.judge(good, {}, []) is None
        verdict = judge.judge(bad, {}, [])
        assert isinstance(verdict, Violation)
        assert verdict.kind in KINDS
