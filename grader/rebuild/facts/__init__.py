"""What a reference is and reaches: its description, its trainings, the statistics and bounds drawn from them."""
