"""Named behaviours of a sandbox, and whether one on this machine has them: `grader doctor --sandbox`."""
