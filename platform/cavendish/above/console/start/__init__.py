"""First steps: an empty tenant is led to its first picture and its first API call."""
