"""The native API of generations, outputs, files, models and quotes."""
