"""Checks of the models' structure: layers, sizes and connections."""
