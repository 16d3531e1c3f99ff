"""The facts of a reference: its description, its trainings, and the statistics and bounds drawn from them."""
