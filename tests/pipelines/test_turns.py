"""Every version has its turn, however many there are and however often a schedule runs."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.turns import take_turn

START = datetime(2026, 1, 1, tzinfo=UTC)


@given(most=st.integers(1, 20), times=st.integers(1, 5), every=st.integers(1, 60))
def test_each_run_looks_at_so_many_and_all_of_them_at_every_version(
    most: int, times: int, every: int
) -> None:
    arns = [f"arn/{number}" for number in range(times * most)]
    # A version is left out of all of 200 runs with a probability below 1e-19.
    turns = [take_turn(arns, most, START + timedelta(minutes=run * every)) for run in range(200)]
    assert all(len(turn) == len(set(turn)) == most for turn in turns)
    assert {arn for turn in turns for arn in turn} == set(arns)


def test_where_one_run_can_look_at_all_it_does_in_their_order() -> None:
    assert take_turn(["b", "a"], 2, START) == ["b", "a"]
