"""Turns values into HTML, pictures and terminal output."""
