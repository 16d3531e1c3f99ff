"""Translates old code to today's: calls that current versions no longer accept, found without running anything."""
