"""The eager front end: Taylor polynomials as values. Import from its modules; this file stays empty."""
