"""The gold and the databases that a threshold file names, wherever the person at the keyboard may read them."""

from pathlib import Path

from aws.gold_store import FolderGoldStore, GoldStore, S3GoldStore
from aws.s3_uris import S3Uri
from checks.evidence import Document
from cli.lookup.inputs import is_in_s3


class NamedGold:
    """Gold and databases in files or in any bucket, as `aws.gold_store.GoldStore` has them."""

    def read(self, place: str) -> Document:
        """See `GoldStore.read`."""
        return _store_of(place).read(place)

    def fetch_databases(self, place: str, folder: Path) -> Path:
        """See `GoldStore.fetch_databases`."""
        return _store_of(place).fetch_databases(place, folder)


def _store_of(place: str) -> GoldStore:
    if not is_in_s3(place):
        return FolderGoldStore()
    from aws.clients import s3_client  # noqa: PLC0415 - boto3 takes half a second

    return S3GoldStore(s3_client(), S3Uri.parse(place).bucket)
