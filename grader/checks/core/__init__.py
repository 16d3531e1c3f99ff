"""What every check uses: its input, its answer, its parameters, and the sentences that several checks share."""
