"""Embed the LookML of a folder into PostgreSQL, for the embedding model that a configuration names.

    python examples/askdata/ingest.py --configuration examples/askdata/configurations/configuration-1.yaml

The database is that of `ASKDATA_DATABASE_URL`. Run it again when LookML changed: what changed is embedded again, what
is gone is removed, and a running assistant sees all of it or nothing.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from assistant.building import build_embeddings  # noqa: E402  # beside this script
from assistant.configuration import MAX_BYTES, Configuration  # noqa: E402
from assistant.lookml_files import read_lookml_files  # noqa: E402
from assistant.metadata_store import Collection, Ingested, MetadataStore  # noqa: E402
from assistant.settings import find_database_url  # noqa: E402
from disk.reading import read_bounded  # noqa: E402
from refusing import refusing  # noqa: E402

LOOKML = HERE / "lookml"


def read_configuration(path: Path) -> Configuration:
    """Read a configuration's file; raises `GovernanceError` where it cannot be used."""
    return Configuration.parse(read_bounded(path, max_bytes=MAX_BYTES), str(path))


def ingest_lookml(
    configuration: Configuration, database_url: str, folder: Path = LOOKML
) -> Mapping[Collection, Ingested]:
    """Make the database hold the LookML of `folder`; raises `GovernanceError` where nothing was changed."""
    files = read_lookml_files(folder)
    for name in files.redundant:
        print(f"{name}: left out, another file says all of it", file=sys.stderr)
    embeddings = configuration.embeddings
    collections = {Collection.VIEWS: files.views, Collection.MODELS: files.models}
    with MetadataStore(database_url) as store:
        return store.ingest(collections, space=embeddings.space, embeddings=build_embeddings(embeddings))


def main() -> None:
    """Read the command line, ingest, and say what changed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configuration", type=Path, required=True)
    parser.add_argument("--lookml", type=Path, default=LOOKML, help="the folder of the .lkml files")
    arguments = parser.parse_args()
    with refusing():
        configuration = read_configuration(arguments.configuration)
        ingested = ingest_lookml(configuration, find_database_url(), arguments.lookml)
    for collection, changes in ingested.items():
        print(f"{collection}: {len(changes.written)} embedded, {len(changes.removed)} removed")


if __name__ == "__main__":
    main()
