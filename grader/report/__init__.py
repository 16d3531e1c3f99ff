"""Values to HTML, pictures and terminal."""
