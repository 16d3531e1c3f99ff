"""Warm kernels: forked from a process that has imported TensorFlow, and isolated as bubblewrap isolates cold ones."""
