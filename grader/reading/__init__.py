"""Reads what students made in a separate process, with limits on processor time and memory."""
