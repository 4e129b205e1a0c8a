"""What is said between entities, twins, kernel and hosts, and how it becomes bytes."""
