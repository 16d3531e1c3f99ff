"""Zone K: runs a notebook under limits; the probe exports claims."""
