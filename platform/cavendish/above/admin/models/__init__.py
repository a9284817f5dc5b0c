"""The models of the catalog as it is in force, and who uses them."""
