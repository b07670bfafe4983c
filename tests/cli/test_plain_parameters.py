"""Parameters that are read without pydantic come to what typer makes of them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from cli.lazy import LightCommand
from tests.counted_work import count_calls

ANSWERS: list[object] = []


class Shape(StrEnum):
    ROUND = "round"
    FLAT = "flat"


def take(
    path: Path,
    further: Annotated[list[str] | None, typer.Argument()] = None,
    *,
    text: str = "a",
    many: Annotated[list[str] | None, typer.Option()] = None,
    count: int | None = None,
    few: Annotated[int, typer.Option(min=1, max=3)] = 2,
    share: float = 0.5,
    there: Annotated[Path | None, typer.Option(exists=True)] = None,
    told: Annotated[str | None, typer.Option(callback=lambda value: value and value.upper())] = None,
    is_loud: bool = False,
    shape: Shape = Shape.ROUND,
    loose: Annotated[Shape, typer.Option(case_sensitive=False)] = Shape.FLAT,
) -> None:
    ANSWERS.append((path, further, text, many, count, few, share, there, told, is_loud, shape, loose))


def run(cls: type[Any] | None, arguments: list[str]) -> tuple[int, str, list[object]]:
    ANSWERS.clear()
    program = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    program.command(cls=cls)(take)
    answer = CliRunner().invoke(program, arguments)
    return answer.exit_code, answer.output, [*ANSWERS]


@pytest.mark.parametrize(
    "arguments",
    [
        ["x"],
        ["x/../y//z", "--text", ""],
        ["", "--text", "é"],
        ["."],
        ["x", "--count", "12"],
        ["x", "--count", "007"],
        ["x", "--count", " 1"],
        ["x", "--count", "-1"],
        ["x", "--count", "1_0"],
        ["x", "--count", "one"],
        ["x", "--few", "3"],
        ["x", "--few", "4"],
        ["x", "--share", "1e3"],
        ["x", "--there", "nowhere"],
        ["x", "--there", "."],
        ["x", "--told", "b", "--is-loud"],
        ["x", "--many", "a", "--many", "b"],
        ["x", "y", "", "é"],
        ["x", "--shape", "flat"],
        ["x", "--shape", "Flat"],
        ["x", "--shape", "ROUND"],
        ["x", "--loose", "round"],
        ["x", "--loose", "Round"],
        [],
    ],
    ids=lambda words: " ".join(words) or "nothing",
)
def test_parameters_are_what_typer_makes_of_them(arguments: list[str]) -> None:
    assert run(LightCommand, arguments) == run(None, arguments)


@pytest.mark.parametrize(
    ("arguments", "adapters"),
    [
        (["x", "y", "z", "--text", "b", "--count", "12", "--many", "a", "--shape", "flat"], 0),
        (["x", "--share", "1"], 1),
    ],
    ids=["plain", "a fraction"],
)
def test_what_is_plain_asks_no_model_of_pydantic(arguments: list[str], adapters: int) -> None:
    calls = count_calls(lambda: run(LightCommand, arguments))
    assert calls["build_leaf_adapter"] == adapters
