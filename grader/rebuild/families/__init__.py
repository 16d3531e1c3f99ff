"""Families of autoencoders: each module defines how references and students' models are measured and judged."""
