"""From a claimed graph to a real Keras model of ours, its canonical form, and the roles of models."""
