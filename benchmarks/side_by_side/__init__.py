"""Attacks and graders of `benchmarks/hostile_side_by_side.py`."""
