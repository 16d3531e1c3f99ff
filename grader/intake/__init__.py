"""Files, folders and LMS downloads to submissions; notebooks to code cells."""
