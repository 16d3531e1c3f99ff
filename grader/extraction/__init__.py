"""The border: files out of the sandbox to vetted evidence."""
