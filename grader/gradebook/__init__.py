"""Keeps every grade; append-only."""
