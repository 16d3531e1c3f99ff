"""The border: turns files from the sandbox into vetted evidence."""
