"""The sample class that ships with the product."""
