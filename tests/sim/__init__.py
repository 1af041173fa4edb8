"""What answers like a StarRocks cluster when there is none? See README.md."""
