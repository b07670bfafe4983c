"""An AWS in the process of a test, by moto."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from moto import mock_aws
from moto.kms import models as kms_models
from moto.s3 import urls
from moto.s3.models import S3Backend

_make_private_key = cache(kms_models.generate_private_key)


@contextmanager
def mocked_aws() -> Iterator[None]:
    """Answer every call of boto3 in this process, from nothing on."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        # For each request moto would load this module again, in case its own variables have changed.
        patch.setattr(S3Backend, "_url_module", urls)
        # It makes an RSA key for each key, and for one of HMAC as well, which never uses it.
        patch.setattr(kms_models, "generate_private_key", _make_private_key)
        yield
