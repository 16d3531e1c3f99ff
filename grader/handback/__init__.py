"""Gives results back: to Moodle, Canvas, Gradescope, nbgrader, spreadsheets and continuous integration."""
