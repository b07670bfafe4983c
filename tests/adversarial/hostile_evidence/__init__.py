"""Adversarial evidence, and an oracle that knows by construction what the gate may make of it."""
