"""What can be broken in the playground: one literal table per simulated system."""
