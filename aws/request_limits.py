"""A request held against the limits of its operation, as the service model says them, before anything is sent.

botocore itself checks names, types and required fields, and no upper limit, pattern or list of values; the service
does, and by then evidence would be in S3 for nothing.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from aws.registry_limits import RegistryLimitError

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

# Characters by their Unicode categories, which the standard library's re cannot spell.
_BY_CATEGORY = re.compile(r"\(?\[(?P<categories>(\\p\{[A-Z]\})+)(?P<others>[^\]]*)\](\*|\+|\{\d+,\d+\})\)?")
_GROWING = "InstanceType"  # these lists grow more often than botocore is installed
_SHOWN = 80


def check_request(request: Mapping[str, Any], operation: "OperationModel") -> None:
    """Refuse a request that the operation would not take.

    Raises:
        RegistryLimitError: with every problem: an unknown or missing field, another type, a length, a number of
            entries, a character or a value that the service model does not have.
    """
    from botocore.validate import ParamValidator  # noqa: PLC0415 - help and completion need no botocore

    shape: Any = operation.input_shape
    found = ParamValidator().validate(request, shape)
    if found.has_errors():
        raise RegistryLimitError(f"{operation.name}: {'; '.join(found.generate_report().splitlines())}")
    if problems := list(_problems(request, shape, "")):
        raise RegistryLimitError(f"{operation.name}: {'; '.join(problems)}")


def _problems(value: Any, shape: "Shape", path: str) -> Iterator[str]:
    """Yield what is wrong with `value`; its types were checked before."""
    kind: Any = shape
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                yield from _problems(member, kind.members[name], f"{path}.{name}".lstrip("."))
        case "list":
            yield from _size_problems(len(value), "entries", shape, path)
            for index, entry in enumerate(value):
                yield from _problems(entry, kind.member, f"{path}[{index}]")
        case "map":
            yield from _size_problems(len(value), "entries", shape, path)
            for key, entry in value.items():
                yield from _problems(key, kind.key, f"{path}: the key {key[:_SHOWN]!r}")
                yield from _problems(entry, kind.value, f"{path}.{key[:_SHOWN]}")
        case "string":
            yield from _size_problems(len(value), "characters", shape, path)
            yield from _text_problems(value, shape, path)


def _size_problems(size: int, unit: str, shape: "Shape", path: str) -> Iterator[str]:
    most = shape.metadata.get("max")
    if most is not None and size > most:
        yield f"{path}: {size:,} {unit}, and SageMaker takes {most:,}"


def _text_problems(text: str, shape: "Shape", path: str) -> Iterator[str]:
    values = shape.metadata.get("enum")
    if values and text not in values and not shape.name.endswith(_GROWING):
        yield f"{path}: {text[:_SHOWN]!r} is none of {', '.join(values)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, text):
        yield f"{path}: {text[:_SHOWN]!r} does not match {pattern}"


def _matches(pattern: str, text: str) -> bool:
    by_category = _BY_CATEGORY.fullmatch(pattern)
    if by_category is not None:
        categories = set(re.findall(r"\\p\{(\w)\}", by_category["categories"]))
        others = by_category["others"].replace("\\", "")
        return all(char in others or unicodedata.category(char)[0] in categories for char in text)
    if r"\p{" in pattern:
        return True  # the service checks it
    return re.fullmatch(pattern, text) is not None
