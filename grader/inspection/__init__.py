"""Any notebook, no assignment: which autoencoders it trains, what they are, how good they are, what is wrong."""
