"""Platforms whose downloads are recognised, one module each."""
