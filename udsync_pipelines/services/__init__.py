"""What udsync runs beside itself: the embedded PostgreSQL and the databases in it."""
