"""What evidence says that it is about, held against the version that is judged; and the manifest that says it."""

from typing import Any

import pytest

from checks.manifest import Manifest, ManifestError, parse_manifest
from checks.subject import JudgedModel, Subject, SubjectError, read_subject

IMAGE = "1.dkr.ecr/askdata:1"
DIGEST = "sha256:" + "0f" * 32
MODEL = JudgedModel(
    name="AskData-SQL",
    group="AskData",
    containers=[
        Subject(image=IMAGE, image_digest=DIGEST, model_data="s3://models/m.tar.gz", model_data_etag="e1"),
        Subject(image="1.dkr.ecr/sidecar:3"),
    ],
)


@pytest.mark.parametrize(
    ("said", "disagrees", "names_the_model"),
    [
        pytest.param({"group": "askdata"}, [], False, id="group in another case"),
        pytest.param({"name": "askdata-sql"}, [], False, id="name in another case"),
        pytest.param({"image": IMAGE}, [], False, id="image alone, and there is model data"),
        pytest.param({"image": "1.dkr.ecr/sidecar:3"}, [], False, id="image of another container"),
        pytest.param({"image": f"x/y@{DIGEST}"}, [], False, id="image by its digest"),
        pytest.param({"image": IMAGE, "model_data": "s3://models/m.tar.gz"}, [], True, id="image and data"),
        pytest.param({"image_digest": DIGEST, "model_data_etag": "e1"}, [], True, id="both by digests"),
        pytest.param(
            {"image": IMAGE, "model_data": "s3://models/n.tar.gz"},
            ["the model data s3://models/n.tar.gz, not s3://models/m.tar.gz"],
            False,
            id="other data",
        ),
        pytest.param(
            {"image": "x:2", "group": "other"},
            ["the group other, not AskData", f"the image x:2, not {IMAGE} or 1.dkr.ecr/sidecar:3"],
            False,
            id="other image and group",
        ),
        pytest.param(
            {"model_data_etag": "e2"}, ["model data with the ETag e2, not e1"], False, id="other ETag"
        ),
    ],
)
def test_what_is_said_is_held_against_the_version(
    said: dict[str, str], disagrees: list[str], names_the_model: bool
) -> None:
    subject = Subject.from_json(said)
    assert subject.to_json() == {key: said[key] for key in subject.to_json()}
    assert MODEL.find_disagreements(subject) == disagrees
    assert MODEL.is_named_by(subject) is names_the_model


def test_a_digest_in_the_registered_image_is_its_digest() -> None:
    model = JudgedModel("a", "a", [Subject(image=f"x/y@{DIGEST}")])
    assert model.find_disagreements(Subject(image_digest=DIGEST)) == []
    assert model.is_named_by(Subject(image_digest=DIGEST))


def test_a_version_of_which_the_registry_says_nothing_is_named_by_nothing() -> None:
    assert not JudgedModel("a", "a", []).is_named_by(Subject(name="a", group="a"))


@pytest.mark.parametrize("document", [None, [], {}, {"provenance": None}, {"provenance": {"scorer": "x"}}])
def test_a_report_need_not_say_what_it_is_about(document: dict[str, Any] | None) -> None:
    assert read_subject(document) is None


@pytest.mark.parametrize(
    "said", [None, {}, [], "x", {"image": None}, {"name": ""}, {"nmae": "x"}, {"name": {}}]
)
def test_a_report_that_says_it_in_another_way_is_an_error(said: str | dict[str, Any] | None) -> None:
    with pytest.raises(SubjectError, match=r"^subject"):
        read_subject({"provenance": {"subject": said}})


MANIFEST = Manifest(Subject(group="askdata", image="ä:1"), {"b/c.json": "0" * 64, "a.json": "f" * 64})


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert parse_manifest(MANIFEST.to_bytes()) == MANIFEST


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        MANIFEST.to_bytes().replace(b"manifest/1", b"manifest/2"),
        MANIFEST.to_bytes().replace(b'"askdata"', b"7"),
        MANIFEST.to_bytes().replace(b"ffff", b"FFFF"),
        MANIFEST.to_bytes().replace(b"ffff", b""),
        MANIFEST.to_bytes().replace(b'"reports"', b'"report"'),
    ],
    ids=["empty", "list", "object", "deep", "schema", "subject", "upper case", "short", "no reports"],
)
def test_what_is_no_manifest_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(content)
