"""Automated grading of autoencoder notebooks: see ARCHITECTURE.md for the map."""

__version__ = "0.1.0"
