from concli.verify.history import INTERRUPTED, NEVER, PENDING, Call, Raised, describe


def test_a_history_is_told_in_the_order_in_which_calls_began() -> None:
    calls = [
        Call(2, "get", (), 3),
        Call(1, "put", ("a", True), 0, 1, Raised("Full")),
        Call(1, "get", (), 2, 4, INTERRUPTED),
    ]
    assert describe(calls) == (
        "T1  0-1    put('a', True)  raised Full\nT1  2-4    get()  interrupted\nT2  3-     get()  never returned"
    )


def test_a_call_that_has_not_returned_is_pending() -> None:
    assert Call(1, "get", ()).returned == NEVER
    assert Call(1, "get", ()).result is PENDING


def test_an_exception_is_its_type() -> None:
    assert Raised("Full") == Raised("Full") != Raised("Empty")
