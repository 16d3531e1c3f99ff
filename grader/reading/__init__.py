"""Reads what students made in a process of its own, with limits on processor time and memory."""
