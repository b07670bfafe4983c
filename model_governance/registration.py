"""Registering a version with its evidence, as `governance register` does it."""

from pipelines.new_version import NewVersion
from pipelines.only_if import OnlyIf
from pipelines.register_version import WouldBeWorseError
from pipelines.register_version import register_version as register
from pipelines.registration_plan import RegisteredVersion

__all__ = ["NewVersion", "OnlyIf", "RegisteredVersion", "WouldBeWorseError", "register"]
