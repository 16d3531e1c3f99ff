"""Zone M: rebuilds models from an allowlist and measures them."""
