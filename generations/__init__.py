"""Generations: accepting, running and showing jobs, over the native API and other dialects."""
