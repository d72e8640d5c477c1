"""What is true, whether or not the machine knows it: people, what they carry, when they come."""
