"""Zone K, the student kernel, from outside: runs a notebook under limits; the probe exports claims."""
