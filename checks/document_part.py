"""Parts of a document that are made as structs, and read by pydantic, which says where a document is wrong and how."""

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from msgspec import Struct
from msgspec.structs import fields, force_setattr
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from checks.text import encodable

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class DocumentPart(Struct, frozen=True, omit_defaults=True):
    """A part of a document: what has its default is left out of the JSON that `msgspec.to_builtins` makes of it.

    A model of pydantic would be built in every process that makes such a part, although none reads one. Of a struct
    pydantic learns the fields when the first is read. `unknown_keys` is what reading makes of keys that are no fields.
    """

    unknown_keys: ClassVar[Literal["forbid", "ignore"]] = "forbid"

    def __post_init__(self) -> None:
        """Make each text one that JSON can hold."""
        for name in self.__struct_fields__:
            text = getattr(self, name)
            if isinstance(text, str) and not text.isascii():
                force_setattr(self, name, encodable(text))

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        known = {
            field.name: core_schema.typed_dict_field(
                handler.generate_schema(field.type), required=field.required
            )
            for field in fields(cls)
        }
        content = core_schema.typed_dict_schema(known, extra_behavior=cls.unknown_keys)
        return core_schema.no_info_after_validator_function(lambda given: cls(**given), content)

    @classmethod
    def taken_from(cls, source: object) -> Self:
        """Return the part with what `source` has under the names of its fields."""
        return cls(**{name: getattr(source, name) for name in cls.__struct_fields__})

    @classmethod
    def read_json(cls, content: bytes) -> Self:
        """Read the part out of its JSON, in which each value has the type of its field.

        Raises:
            ValidationError: it is something else.
        """
        part: Self = _reader(cls).validate_json(content, strict=True)
        return part


@cache
def _reader(part: type[Any]) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - most commands make parts and read none

    return TypeAdapter(part)
