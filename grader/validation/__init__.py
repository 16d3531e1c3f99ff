"""Is the grader itself right? References against their facts; rubrics against wrong and equivalent solutions."""
