"""Waiting for the gate's decision, as `governance wait` does it."""

from cli.waiting import Waited, wait_for

__all__ = ["Waited", "wait_for"]
