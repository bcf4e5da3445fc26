"""What one instruction of the machine does."""
