"""Proof of training: what looks like no training here, and what a second run on a secret view of the data shows."""
