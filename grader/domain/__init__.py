"""The vocabulary of the product: frozen types and enumerations; standard library only."""
