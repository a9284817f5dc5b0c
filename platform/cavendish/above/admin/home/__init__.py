"""The front page: what an operator looks at every morning."""
