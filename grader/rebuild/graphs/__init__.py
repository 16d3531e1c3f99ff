"""Models that cannot be rebuilt, measured by their behaviour in the second sandbox."""
