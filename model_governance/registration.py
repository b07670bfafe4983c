"""Registering a version with its evidence, as `governance register` does it."""

from pipelines.new_version import NewVersion
from pipelines.register_version import OnlyIf, RegisteredVersion, WouldBeWorse
from pipelines.register_version import register_version as register

__all__ = ["NewVersion", "OnlyIf", "RegisteredVersion", "WouldBeWorse", "register"]
