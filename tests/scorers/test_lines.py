from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checks.errors import GovernanceError
from scorers.lines import BadLine, Line, LinesError, check_lines, read_lines


def test_objects_are_read_with_their_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "a"}\n\n  \n{"id": "b"}')
    assert list(read_lines(path)) == [Line(1, {"id": "a"}), Line(4, {"id": "b"})]
    assert check_lines(path, lambda line: None) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        (b"[1]", "not a JSON object; write one object a line"),
        (b'{"a": 1, "a": 2}', 'the key "a" is there twice in one object'),
        (b'{"a": "\xff"}', "not UTF-8 (byte 7); save the report as UTF-8"),
        (b'{"a": NaN}', "NaN is not JSON; write null with the reason beside it"),
    ],
)
def test_a_bad_line_says_what_is_wrong(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b'{"id": 1}\n' + content + b"\n")
    assert list(read_lines(path))[1] == BadLine(2, reason)


def test_a_line_beyond_the_bound_is_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scorers.lines.MAX_LINE_BYTES", 10)
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b'{"id": "long enough"}\n')
    assert list(read_lines(path)) == [BadLine(1, "longer than 10 bytes; one object a line")]


def test_all_problems_are_named_at_once_and_a_flood_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"id": 1}\n[]\n' + '{"id": 2}\n' * 30)
    with pytest.raises(LinesError) as caught:
        check_lines(path, lambda line: "seen before" if line.number > 1 else None)
    assert caught.value.problems[:2] == (
        f"{path}:2: not a JSON object; write one object a line",
        f"{path}:3: seen before",
    )
    assert len(caught.value.problems) == 20
    assert str(caught.value).endswith("\nand 11 more problems")


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_no_lines_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(content)
    with pytest.raises(LinesError, match="no lines; there is nothing to score"):
        check_lines(path, lambda line: None)


def test_an_absent_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(GovernanceError, match=r"absent\.jsonl: cannot be read \(No such file or directory\)"):
        list(read_lines(tmp_path / "absent.jsonl"))


def as_csv(path: Path) -> None:
    path.write_text('\ufeffid , text,list\n1,"two\nlines","[1, 2]"\n\n2,,x\n', encoding="utf-8")


def as_array(path: Path) -> None:
    path.write_text(
        '  [\n  {"id": "1", "text": "two\\nlines", "list": [1, 2]},\n  {"id": "2", "text": null, "list": "x"}\n]'
    )


RECORDS = [{"id": "1", "text": "two\nlines", "list": [1, 2]}, {"id": "2", "text": None, "list": "x"}]


@pytest.mark.parametrize(
    ("write", "numbers"), [(as_csv, [2, 5]), (as_array, [1, 2])], ids=["csv", "json array"]
)
def test_records_are_told_by_content(
    tmp_path: Path, write: Callable[[Path], None], numbers: list[int]
) -> None:
    path = tmp_path / "pairs.data"
    write(path)
    lines = list(read_lines(path))
    assert [line.number for line in lines] == numbers
    assert [
        {name: line.json(name) if name == "list" else line.value[name] for name in line.value}
        for line in lines
        if isinstance(line, Line)
    ] == RECORDS


def test_parquet_has_types_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "pairs.data"
    rows = {
        "id": [1, 2],
        "facets": [{"region": "CA"}, {"region": None}],
        "contexts": [["a"], []],
        "seconds": [0.5, float("nan")],
        "day": [date(2026, 1, 31), None],
    }
    pq.write_table(pa.table(rows), path)
    assert list(read_lines(path)) == [
        Line(
            1, {"id": 1, "facets": {"region": "CA"}, "contexts": ["a"], "seconds": 0.5, "day": "2026-01-31"}
        ),
        Line(2, {"id": 2, "facets": {"region": None}, "contexts": [], "seconds": None, "day": None}),
    ]


@pytest.mark.parametrize(
    ("separator", "way_out"),
    [(",", "Give --separator ';'"), ("|", "Give --separator ';'"), (None, "Save it with commas")],
    ids=["comma", "bar", "no option"],
)
def test_another_separator_is_asked_for(tmp_path: Path, separator: str | None, way_out: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("id;text\n1;a,b\n")
    with pytest.raises(GovernanceError) as caught:
        list(read_lines(path, separator))
    assert str(caught.value) == f'{path}:1: one column only, id;text; is the separator ";"? {way_out}'
    assert list(read_lines(path, ";")) == [Line(2, {"id": "1", "text": "a,b"}, from_cells=True)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(
            '{\n "id": 1,\n "text": "a"\n}\n',
            ": one JSON object over several lines; write one object a line",
            id="indented",
        ),
        pytest.param(
            "id,text\n1,a\n".encode("utf-16"),
            ": not UTF-8 but UTF-16 or binary; save it as UTF-8",
            id="utf-16",
        ),
        pytest.param(
            "id,text\n1,a\n".encode("utf-16-le"),
            ": not UTF-8 but UTF-16 or binary; save it as UTF-8",
            id="utf-16 without mark",
        ),
        pytest.param(b"id,text\n1,caf\xe9\n", ": not UTF-8 (byte 13); save it as UTF-8", id="latin-1"),
        pytest.param(
            b"PK\x03\x04rest", ": an Excel workbook or another zip file; save the sheet as CSV", id="excel"
        ),
        pytest.param(b"\x1f\x8brest", ": compressed by gzip; unpack it first", id="gzip"),
        pytest.param(b'[{"id": 1}', ": begins as a JSON array and is none: not JSON", id="half an array"),
        pytest.param(b"PAR1rest", ": cannot be read as Parquet", id="no parquet"),
        pytest.param(b'id,text\n1,"a\n', ": not CSV (", id="an open quote"),
        pytest.param(b"id,id\n1,2\n", ': the column "id" is there twice', id="twice"),
    ],
)
def test_a_file_of_another_kind_is_one_sentence(tmp_path: Path, content: bytes | str, said: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(GovernanceError) as caught:
        check_lines(path, lambda line: None)
    assert str(caught.value).startswith(f"{path}{said}")
    assert "\n" not in str(caught.value)


def test_a_row_of_another_width_is_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("id,text\n1,a,b\n2\n")
    said = "cells, and the header has 2; a cell that holds the separator is in double quotes"
    assert list(read_lines(path)) == [BadLine(2, f"3 {said}"), BadLine(3, f"1 {said}")]
