"""Ingestion and retrieval of LookML, in a real PostgreSQL with the real pgvector."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.configuration import RetrievalSettings
from assistant.context import LookmlFile
from assistant.lookml_files import read_lookml_files
from assistant.metadata_store import Collection, Ingested, MetadataStore, MetadataStoreError
from assistant.pieces import LONGEST_TEXT, split_text
from assistant.retrieval import LookmlRetrieval
from checks.errors import GovernanceError
from tests.examples.askdata_databases import database_of_its_own

LOOKML = Path(__file__).resolve().parents[2] / "examples" / "askdata" / "lookml"
SPACE = "letters/27"


class Letters:
    """Embeds a text as how often it has each letter, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += texts
        return [[text.lower().count(chr(97 + n)) + 0.01 for n in range(26)] for text in texts]


class FailingLetters(Letters):
    """Fails at the second text."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.asked:
            raise GovernanceError("the model is gone; wait")
        return super().embed(texts)


@pytest.fixture
def store(postgresql: str) -> Iterator[MetadataStore]:
    """The collections of a database of the test's own."""
    with MetadataStore(database_of_its_own(postgresql)) as opened:
        yield opened


def file(name: str, text: str, *views: str) -> LookmlFile:
    return LookmlFile(name, text, views or (name,))


def contents(store: MetadataStore, collection: Collection = Collection.VIEWS) -> dict[str, str]:
    vector = Letters().embed(["anything"])[0]
    return {one.name: one.text for one in store.nearest(collection, vector, space=SPACE, limit=50)}


def ingest(store: MetadataStore, *views: LookmlFile, embeddings: Letters | None = None) -> Ingested:
    found = store.ingest({Collection.VIEWS: views}, space=SPACE, embeddings=embeddings or Letters())
    return found[Collection.VIEWS]


def test_the_example_has_five_views_and_one_model_that_joins_them() -> None:
    files = read_lookml_files(LOOKML)
    assert [(one.name, one.views) for one in files.views] == [
        (f"{name}.view.lkml", (name,))
        for name in ("billing", "calls", "customers", "mailing_addresses", "messages")
    ]
    assert [(one.name, one.views) for one in files.models] == [
        ("askdata.model.lkml", ("customers", "mailing_addresses", "messages", "calls", "billing"))
    ]
    assert files.redundant == ()


CALLS = (LOOKML / "calls.view.lkml").read_text(encoding="utf-8")
MODEL = (LOOKML / "askdata.model.lkml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "kept", "redundant"),
    [
        pytest.param({"a": CALLS, "b": CALLS}, {"a"}, ("b.lkml",), id="the same bytes"),
        pytest.param(
            {"a": CALLS.replace("  ", "    ") + "# a note\n", "b": CALLS},
            {"a"},
            ("b.lkml",),
            id="another layout",
        ),
        pytest.param(
            {"a": "view: calls {\n sql_table_name: calls ;;\n measure: count {\n type: count\n"
             ' description: "Number of calls"\n }\n}\n', "b": CALLS},
            {"b"},
            ("a.lkml",),
            id="contained in another",
        ),
        pytest.param(
            {"a": CALLS, "b": CALLS.replace("Type, kind of call", "Kind of call")},
            {"a", "b"},
            (),
            id="another description",
        ),
        pytest.param({"a": CALLS, "m": MODEL, "n": MODEL}, {"a", "m"}, ("n.lkml",), id="a model twice"),
        pytest.param(
            {"all": CALLS + MODEL.replace('include: "*.view.lkml"', ""), "b": CALLS},
            {"all"},
            ("b.lkml",),
            id="views and explores in one file",
        ),
    ],
)  # fmt: skip
def test_redundant_files_are_left_out(
    tmp_path: Path, files: dict[str, str], kept: set[str], redundant: tuple[str, ...]
) -> None:
    for name, text in files.items():
        (tmp_path / f"{name}.lkml").write_text(text, encoding="utf-8")
    found = read_lookml_files(tmp_path)
    assert {one.name.removesuffix(".lkml") for one in (*found.views, *found.models)} == kept
    assert found.redundant == redundant


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "no .lkml file is there", id="nothing"),
        pytest.param(b"view: calls { dimension:", "calls.lkml: cannot be read as LookML", id="cut off"),
        pytest.param(b"view: caf\xe9 {}", "calls.lkml: cannot be read as LookML", id="no UTF-8"),
    ],
)
def test_what_is_no_lookml_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "calls.lkml").write_bytes(content)
    with pytest.raises(GovernanceError, match=message):
        read_lookml_files(tmp_path)


def test_ingesting_again_embeds_what_changed_and_removes_what_is_gone(store: MetadataStore) -> None:
    first = ingest(store, file("calls", "call"), file("bills", "bill"), file("texts", "text"))
    assert first == Ingested(("calls", "bills", "texts"), ())
    again = Letters()
    second = ingest(store, file("calls", "call"), file("bills", "bills, and fees"), embeddings=again)
    assert second == Ingested(("bills",), ("texts",))
    assert again.asked == ["bills, and fees"]
    assert contents(store) == {"calls": "call", "bills": "bills, and fees"}


def test_an_ingestion_that_fails_changes_nothing(store: MetadataStore) -> None:
    ingest(store, file("calls", "call"), file("bills", "bill"))
    with pytest.raises(GovernanceError, match="the model is gone"):
        ingest(store, file("calls", "phone"), file("texts", "text"), embeddings=FailingLetters())
    assert contents(store) == {"calls": "call", "bills": "bill"}


def test_embedding_models_do_not_see_each_other_s_vectors(store: MetadataStore) -> None:
    ingest(store, file("calls", "call"))
    store.ingest({Collection.VIEWS: [file("bills", "bill")]}, space="other/27", embeddings=Letters())
    assert contents(store) == {"calls": "call"}


def test_without_ingestion_the_command_that_does_it_is_named(store: MetadataStore) -> None:
    message = "no LookML was ingested for the embedding model letters/27; run ingest.py"
    with pytest.raises(MetadataStoreError, match=message):
        store.require(SPACE)
    ingest(store, file("calls", "call"))
    store.require(SPACE)
    with pytest.raises(MetadataStoreError, match="the embedding model other/27"):
        store.require("other/27")


def test_a_server_that_is_gone_is_one_message(tmp_path: Path) -> None:
    with (
        MetadataStore(f"postgresql://postgres@/postgres?host={tmp_path}", patience=0.2) as gone,
        pytest.raises(MetadataStoreError, match=r"PostgreSQL: no connection within 0\.2 s"),
    ):
        gone.require(SPACE)


def test_a_long_file_is_found_by_its_nearest_piece_and_given_whole(store: MetadataStore) -> None:
    long = "\n".join(["view: a {"] + [f"  dimension: x{n} {{}}" for n in range(900)] + ["zzzz " * 2000])
    embeddings = Letters()
    # The other file is nearer than the long one as a whole would be, and not as near as its last piece.
    ingest(store, file("long", long), file("short", "zzzm"), embeddings=embeddings)
    assert embeddings.asked == [*split_text(long), "zzzm"]
    assert max(map(len, embeddings.asked)) <= LONGEST_TEXT < len(long)
    vector = Letters().embed(["zzzz"])[0]
    [found] = store.nearest(Collection.VIEWS, vector, space=SPACE, limit=1)
    assert found == file("long", long)


@given(st.text(alphabet="ab \n{}", max_size=60), st.integers(min_value=1, max_value=40))
def test_pieces_are_short_enough_and_lose_no_word(text: str, longest: int) -> None:
    pieces = split_text(text, longest=longest)
    assert all(len(piece) <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_file_of_the_example_is_embedded_whole() -> None:
    assert split_text(MODEL) == [MODEL]


def test_models_are_those_that_join_the_views_found(store: MetadataStore) -> None:
    views = [file("calls", "call phone"), file("bills", "bill invoice"), file("staff", "employee")]
    models = [
        file("telecom", "explore calls with bills", "calls", "bills"),
        file("people", "explore staff call phone", "staff"),
    ]
    files = {Collection.VIEWS: views, Collection.MODELS: models}
    store.ingest(files, space=SPACE, embeddings=Letters())
    retrieval = LookmlRetrieval(store, Letters(), space=SPACE, settings=RetrievalSettings(views=1, models=5))
    context = retrieval.retrieve("call phone")
    # `people` is nearer to the question, and joins nothing that was found.
    assert [view.name for view in context.views] == ["calls"]
    assert [model.name for model in context.models] == ["telecom"]
