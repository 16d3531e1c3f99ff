"""Families of autoencoders: one module each says how references and students' models are measured and judged."""
