"""A real PostgreSQL for the playground: its processes, its way in, what runs on it, and how it is broken."""
