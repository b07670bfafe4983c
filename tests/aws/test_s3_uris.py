"""S3 URIs: objects, versions of objects, prefixes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws.s3_uris import S3Uri, S3UriError


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("s3://bucket", S3Uri("bucket", "")),
        ("s3://bucket/", S3Uri("bucket", "")),
        ("s3://bucket/a/b.json", S3Uri("bucket", "a/b.json")),
        ("s3://bucket/a/b.json?versionId=v.1", S3Uri("bucket", "a/b.json", "v.1")),
        ("s3://bucket/a b%20ü.json", S3Uri("bucket", "a b%20ü.json")),
        ("s3://bucket/what?.json", S3Uri("bucket", "what?.json")),
        ("s3://bucket/line\nbreak", S3Uri("bucket", "line\nbreak")),
    ],
)
def test_uris_are_read(text: str, uri: S3Uri) -> None:
    assert S3Uri.parse(text) == uri


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3://",
        "s3:///key",
        "s3://B/key",
        "https://bucket.s3.amazonaws.com/key",
        "https://example.com/report.json",
        "bucket/key",
        "file:///a",
        "s3://bucket/half\ud800",
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(S3UriError, match="s3://bucket/key"):
        S3Uri.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://s3.amazonaws.com/my.bucket/a/b%20c.json",
        "https://s3.eu-west-1.amazonaws.com/my.bucket/a/b%20c.json",
        "https://s3-eu-west-1.amazonaws.com/my.bucket/a/b%20c.json?versionId=1",
        "https://my.bucket.s3.eu-west-1.amazonaws.com/a/b%20c.json",
        "https://my.bucket.s3.dualstack.eu-west-1.amazonaws.com/a/b%20c.json",
        "https://my.bucket.s3.cn-north-1.amazonaws.com.cn/a/b%20c.json",
    ],
)
def test_an_address_of_s3_by_http_is_refused_with_the_uri_that_it_is(text: str) -> None:
    with pytest.raises(S3UriError, match=r"it looks like s3://my\.bucket/a/b c\.json$"):
        S3Uri.parse(text)


@given(st.text(min_size=1).filter(lambda key: "?versionId=" not in key), st.none() | st.just("v1"))
def test_what_is_written_is_read_again(key: str, version: str | None) -> None:
    uri = S3Uri("bucket", key, version)
    assert S3Uri.parse(str(uri)) == uri


@pytest.mark.parametrize("text", ["s3://bucket/a/b", "s3://bucket/a/b/", "s3://bucket/a/b//"])
def test_a_prefix_ends_with_one_slash(text: str) -> None:
    prefix = S3Uri.parse(text).as_prefix()
    assert (str(prefix), str(prefix.child("c.json"))) == ("s3://bucket/a/b/", "s3://bucket/a/b/c.json")


@pytest.mark.parametrize(
    "text", ["s3://bucket", "s3://bucket/", "s3://bucket//", "s3://bucket/a?versionId=1"]
)
def test_a_bucket_or_a_version_is_no_prefix(text: str) -> None:
    with pytest.raises(S3UriError, match="not a prefix"):
        S3Uri.parse(text).as_prefix()
