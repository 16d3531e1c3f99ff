"""From a claimed graph to a real Keras model of our own, its normal form, and the roles that models play."""
