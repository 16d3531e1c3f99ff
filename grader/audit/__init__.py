"""Proof of training: signs that nothing was trained here, and what a second run on a secret view of the data shows."""
