"""Parts of documents: made as structs, read and refused as a model of pydantic with the same fields would."""

import json
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from checks.document_part import DocumentPart

Digits = Annotated[str, Field(pattern=r"^[0-9]+$")]
Number = dict[str, Annotated[float, Field(allow_inf_nan=False)] | list[float] | Literal[True]]


class Colour(StrEnum):
    RED = "red"


class Inner(DocumentPart, frozen=True, kw_only=True):
    digits: Digits
    day: date | None = None


class Outer(DocumentPart, frozen=True, kw_only=True):
    name: str
    colour: Colour
    number: Number
    inner: Inner | None
    more: tuple[Inner, ...] = ()


class Lenient(DocumentPart, frozen=True, kw_only=True):
    unknown_keys = "ignore"
    name: str


class InnerModel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    digits: Digits
    day: date | None = None


class OuterModel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    colour: Colour
    number: Number
    inner: InnerModel | None
    more: tuple[InnerModel, ...] = ()


INNER = Inner(digits="12", day=date(2027, 3, 31))
OUTER = Outer(name="é", colour=Colour.RED, number={"at": 0.5}, inner=INNER, more=(INNER, Inner(digits="3")))
SAID = {
    "name": "é",
    "colour": "red",
    "number": {"at": 0.5},
    "inner": {"digits": "12", "day": "2027-03-31"},
    "more": [{"digits": "12", "day": "2027-03-31"}, {"digits": "3"}],
}
LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.sampled_from(
    ["", "12", "red", "2027-03-31", "2027-02-31"]
)  # fmt: skip
KEYS = st.sampled_from(["name", "colour", "number", "inner", "more", "digits", "day", "other"])
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)


def write(part: DocumentPart) -> object:
    return json.loads(json.dumps(to_builtins(part)))


def read(content: object, part: type[DocumentPart] = Outer) -> DocumentPart:
    return part.read_json(json.dumps(content).encode())


def test_what_was_written_is_read_and_a_default_is_left_out() -> None:
    assert write(OUTER) == SAID
    assert read(SAID) == OUTER
    assert write(read(SAID | {"more": [], "inner": None})) == {
        "name": "é", "colour": "red", "number": {"at": 0.5}, "inner": None,
    }  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(SAID)), DOCUMENTS), st.sets(st.sampled_from(sorted(SAID))))
def test_a_part_is_refused_in_the_words_that_a_model_would_use(
    changes: dict[str, object], left_out: set[str]
) -> None:
    content = json.dumps({key: said for key, said in (SAID | changes).items() if key not in left_out})
    try:
        model = OuterModel.model_validate_json(content, strict=True)
    except ValidationError as error:
        with pytest.raises(ValidationError) as refused:
            Outer.read_json(content.encode())
        said, expected = (one.errors(include_url=False) for one in (refused.value, error))
        assert [(one["loc"], one["msg"]) for one in said] == [(one["loc"], one["msg"]) for one in expected]
    else:
        left = model.model_dump(mode="json", exclude_defaults=True)
        assert write(Outer.read_json(content.encode())) == left | {"inner": left.get("inner")}


def test_a_key_that_is_no_field_is_refused_or_passed_over_as_the_part_says() -> None:
    assert read({"name": "n", "other": 1}, Lenient) == Lenient(name="n")
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        read({"digits": "1", "other": 1}, Inner)


def test_text_that_json_cannot_hold_is_escaped() -> None:
    assert Lenient(name="a\udce9é").name == "a\\udce9é"


def test_a_part_is_taken_from_what_has_the_same_names() -> None:
    assert Inner.taken_from(InnerModel(digits="1")) == Inner(digits="1")
