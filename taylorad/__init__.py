"""Taylor series by computer."""
