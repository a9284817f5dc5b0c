"""The platform: the ground floor below the apps, and what stands above them."""
