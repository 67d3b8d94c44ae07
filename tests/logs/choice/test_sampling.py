import numpy as np

from concli.logs.choice.sampling import sample


def test_a_sample_has_about_its_share_and_depends_on_line_input_and_seed_alone() -> None:
    lines = np.arange(1, 100_001)
    chosen = sample(lines, "a/app.log", 0.01, seed=0)
    assert 850 < chosen.sum() < 1150
    assert (
        np.concatenate([sample(part, "b/app.log", 0.01, 0) for part in np.array_split(lines, 7)]).tolist()
        == chosen.tolist()
    )
    for name, seed in (("other.log", 0), ("app.log", 1), ("app.log", 2**64)):
        other = sample(lines, name, 0.01, seed)
        assert 850 < other.sum() < 1150
        assert (other & chosen).sum() < 50


def test_all_of_everything_is_everything_and_a_smaller_share_is_part_of_a_larger() -> None:
    lines = np.arange(10_000)
    assert sample(lines, "", 1.0, 3).all()
    assert not (sample(lines, "", 0.1, 3) & ~sample(lines, "", 0.2, 3)).any()
