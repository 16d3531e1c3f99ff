"""The steps, each with the tables as they were then: later changes of the models do not affect them."""
