"""The books, the jobs and the stored objects against each other, each run kept with what it found."""
