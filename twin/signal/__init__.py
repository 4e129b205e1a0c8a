"""What both worlds may know: units, rates, correlation, arrays. Pure NumPy and SciPy."""
