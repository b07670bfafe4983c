"""A configuration as the model artifact that a version is registered with.

SageMaker takes model data as a gzip-compressed tar archive (`.tar.gz`), see
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelPackageContainerDefinition.html. The digest of the
configuration is part of the archive's key: the gate's decision record says the key, and so which bytes were approved.
"""

import gzip
import io
import re
import tarfile
import zlib

from assistant.configuration import MAX_BYTES, Configuration
from checks.errors import GovernanceError

MAX_ARCHIVE_BYTES = 1_000_000
_MEMBER = "configuration.json"
_KEY = "{group}/configurations/{digest}/model.tar.gz"
_DIGEST = re.compile(r"/configurations/([0-9a-f]{64})/model\.tar\.gz$")


class ArtifactError(GovernanceError):
    """A model artifact that is not the configuration that it should be."""


def pack(configuration: Configuration) -> bytes:
    """Return the archive: equal configurations give equal bytes on one machine."""
    content = configuration.to_bytes()
    member = tarfile.TarInfo(_MEMBER)
    member.size = len(content)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def unpack(archive: bytes, uri: str) -> Configuration:
    """Return the configuration in the archive from `uri`, held against the digest in that.

    Raises:
        ArtifactError: `uri` names no digest, or the archive holds something else.
        ConfigurationError: what it holds is no configuration of this version of the assistant.
    """
    digest = find_digest(uri)
    configuration = Configuration.parse(_read_member(archive, uri), uri)
    if configuration.digest != digest:
        raise ArtifactError(
            f"{uri}: holds the configuration {configuration.digest[:12]}, and {digest[:12]} was approved; put back "
            "what was registered, or register what is there"
        )
    return configuration


def key_of(configuration: Configuration, group: str) -> str:
    """Return the key of the archive in its bucket."""
    return _KEY.format(group=group, digest=configuration.digest)


def find_digest(uri: str) -> str:
    """Return the digest that the URI of an archive names.

    Raises:
        ArtifactError: it names none.
    """
    found = _DIGEST.search(uri)
    if found is None:
        raise ArtifactError(f"{uri}: not the URI of a configuration; register versions by register.py")
    return found[1]


def _read_member(archive: bytes, uri: str) -> bytes:
    """Return the archive's file, of which no more is unpacked than a configuration may have."""
    try:
        with (
            tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed,
            packed.extractfile(packed.getmember(_MEMBER)) or io.BytesIO() as file,
        ):
            return file.read(MAX_BYTES + 1)
    except (tarfile.TarError, KeyError, OSError, EOFError, zlib.error) as error:
        raise ArtifactError(f"{uri}: not an archive with {_MEMBER} ({error}); register it again") from error
