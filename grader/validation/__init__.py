"""Validates the grader itself: references against their facts, rubrics against wrong and equivalent solutions."""
