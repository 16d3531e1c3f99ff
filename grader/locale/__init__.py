"""Messages to Spanish and English."""
