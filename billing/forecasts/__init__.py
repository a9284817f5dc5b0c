"""What a month, and a budget's period, will come to at the pace of the last four weeks."""
