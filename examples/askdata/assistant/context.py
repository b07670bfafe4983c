"""What is retrieved for a question: LookML files, whole."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LookmlFile:
    """One file of LookML: its name without folders, its text, and the views that it defines or joins."""

    name: str
    text: str
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """The files of views that a question is about, nearest first, and those of the models that join them."""

    views: tuple[LookmlFile, ...] = ()
    models: tuple[LookmlFile, ...] = ()
