"""Fixtures that every test may use; each test gets its own temporary folder."""
