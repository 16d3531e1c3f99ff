"""The embedded samples of MNIST and Fashion-MNIST."""
