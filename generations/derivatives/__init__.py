"""Smaller pictures of outputs, in formats for the web: made when they are first requested, then kept beside them."""
