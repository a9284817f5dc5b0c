"""Rules on requests, judged before anything is spent; and hooks, asked before the hold and after the picture."""
