"""How many tokens a picture counts as: the catalog's tables, and the versions that operators adopt over them."""
