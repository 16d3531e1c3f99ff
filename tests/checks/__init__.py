"""Tests of the checks: no kernel, no Keras, hand-written subjects alone."""
