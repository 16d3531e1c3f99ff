"""Specification, reference and Jinja to notebooks."""
