"""What models are for, where there is a threshold file to start from."""

from enum import StrEnum


class Task(StrEnum):
    """The kinds of models for which there is a threshold file to start from."""

    RAG = "rag"
    TEXT_TO_SQL = "text-to-sql"
    LANGUAGE_MODEL = "language-model"
    CLASSIFIER = "classifier"
