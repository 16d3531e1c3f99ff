"""The measuring process (zone M): rebuilds models from an allowlist and measures them; never runs student code."""
