"""patchify: sweeps of a small NumPy network (a patchify convolution, then dense layers), tracked in MLflow."""
