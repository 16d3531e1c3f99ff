"""Who is in a class, and when they handed in, from the tables that instructors have."""
