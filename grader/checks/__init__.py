"""Pure functions from measurements and facts to check results."""
