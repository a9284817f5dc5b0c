"""Acts on prices and plans, each shown with what it would have done to last month's bills."""
