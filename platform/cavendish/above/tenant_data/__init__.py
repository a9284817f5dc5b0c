"""What a tenant takes along and what is erased when it goes: spans all apps, so it lies above them."""
