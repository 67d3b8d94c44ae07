"""What was seen where, of two threads."""

from concli.logs.stats.summary import Place, Seen


def test_the_first_place_and_the_widest_time_are_kept() -> None:
    late = Seen(Place(3, 1, "a", 40), b"late", "INFO", 5, 6)
    early = Seen(Place(2, 9, "a", 30), b"early", "ERROR", None, None)
    assert late.joined(early) == Seen(early.place, b"early", "ERROR", 5, 6) == early.joined(late)
