"""The steps, each with the tables as they were then: a later change of the models changes no step."""
