"""Checks of the notebook itself: whether it runs, and which modules it imports."""
