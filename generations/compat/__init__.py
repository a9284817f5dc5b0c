"""APIs of other vendors on the same jobs: one package per dialect, and what they share."""
