"""Bring MLflow's database to the schema of this MLflow, before the server starts, and its users with it.

Runs in MLflow's own image. Replicas that start together take turns on a PostgreSQL advisory lock, so one migrates and
the others find it done; a database that does not answer yet is waited for. One that knows the password before
(PREVIOUS_PASSWORD) is told the new one: servers that are connected stay so. With MLFLOW_AUTH_CONFIG_PATH, the users'
tables are there too and the administrator has the password of the environment: one that this database remembers from
an earlier stack, or that was changed by hand, is replaced.
"""

import os
import sys
import time

import sqlalchemy
from mlflow.db import commands

LOCK = 0x6D6C666C6F77  # "mlflow"
WAIT = 300  # seconds


def connect(uri: str) -> sqlalchemy.Connection:
    deadline = time.monotonic() + WAIT
    while True:
        try:
            return sqlalchemy.create_engine(uri).connect()
        except sqlalchemy.exc.OperationalError as error:
            if turn_over(uri):
                continue
            if time.monotonic() > deadline:
                sys.exit(f"the database did not answer within {WAIT} s: {error.orig}")
            time.sleep(0.5)


def turn_over(uri: str) -> bool:
    """Give the database's user the password of `uri`, where the one before still opens it."""
    previous, wanted = os.environ.get("PREVIOUS_PASSWORD"), sqlalchemy.make_url(uri)
    if not previous:
        return False
    # A database that is a file has no password, and its MLflow may be without PostgreSQL's driver.
    from psycopg2.extensions import encrypt_password  # type: ignore[import-untyped]

    try:
        with sqlalchemy.create_engine(wanted.set(password=previous)).begin() as connection:
            driver = connection.connection.dbapi_connection
            # The server, and its log, see what it keeps anyway, and not the password.
            kept = encrypt_password(wanted.password, wanted.username, driver, "scram-sha-256")
            # As it is: its colons are no parameters.
            connection.exec_driver_sql(f"ALTER ROLE CURRENT_USER PASSWORD '{kept}'")
    except sqlalchemy.exc.OperationalError:
        return False
    print("the database has the new password")
    return True


def set_up_users() -> None:
    # Imports the whole server, and reads its settings from the environment.
    from mlflow.server import auth

    name, password = os.environ["MLFLOW_AUTH_ADMIN_USERNAME"], os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"]
    auth.bootstrap_admin_user()
    if not auth.store.authenticate_user(name, password):
        auth.store.update_user(name, password=password, is_admin=True)
        print("the administrator's password was another one: replaced")


def main() -> None:
    uri = os.environ["MLFLOW_BACKEND_STORE_URI"]
    with connect(uri) as connection:
        connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        # In this process, because the command takes the URL as an argument, which `ps` would show.
        commands.main(["upgrade", uri], standalone_mode=False)
        if "MLFLOW_AUTH_CONFIG_PATH" in os.environ:
            set_up_users()


if __name__ == "__main__":
    main()
