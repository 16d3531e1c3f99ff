"""Checks of what the models have learnt: errors and other numbers, compared with the reference's."""
