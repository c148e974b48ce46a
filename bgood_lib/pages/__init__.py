"""What the pages of the book have in common."""
