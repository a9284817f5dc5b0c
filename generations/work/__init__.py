"""The worker: claims jobs, calls the upstream, stores results and settles them."""
