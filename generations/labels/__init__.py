"""What a tenant says of what was made: tags of generations, favorites and ratings of outputs."""
