"""The driver's own cursor, for statements with many rows.

psycopg sends the rows of `executemany` in one pipeline; SQLAlchemy's own needs about three times
the client's time for the same statement.
"""

import psycopg
import sqlalchemy as sa


def driver_cursor(connection: sa.Connection) -> psycopg.Cursor:
    """A cursor inside the connection's transaction. Parameters are written `%s`."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the state database is reached through psycopg")
    return driver.cursor()
