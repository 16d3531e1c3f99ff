"""Reference implementations of every autoencoder of the course, one readable module each.

A module is course material first: an instructor opens it and teaches from it, and solution notebooks quote it.
Nothing here imports the grader. Every module offers the same names, listed in `reference.contract`.
"""
