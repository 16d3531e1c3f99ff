"""Named behaviours of a sandbox, and a test whether a sandbox here has them: `grader doctor --sandbox`."""
