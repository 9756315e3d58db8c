"""A lighter mind that bargains over goods, and reads what a partner values."""
