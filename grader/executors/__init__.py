"""Where a class runs: in threads of this process, or on the workers of a Dask cluster."""
