"""The grades of a class in a browser: lists, the review queue, and decisions."""
