"""Hand-ins that are unusually alike: evidence for a person, never a part of a grade."""
