"""Waiting for the gate's decision, as `governance wait` does it."""

from cli.lookup.waiting import Waited, wait_for

__all__ = ["Waited", "wait_for"]
