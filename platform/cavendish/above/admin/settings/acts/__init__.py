"""What operators do about operators, their keys and guard rules."""
