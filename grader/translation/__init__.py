"""Old code into today's: calls that current versions no longer take, found by reading and never by running."""
