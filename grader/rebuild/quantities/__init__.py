"""What is measured of rebuilt models, and on which data."""
