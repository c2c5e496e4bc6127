"""Bring MLflow's database to the schema of this MLflow, before the server starts, and its users with it.

Runs in MLflow's own image. Replicas that start together take turns on a PostgreSQL advisory lock, so one migrates and
the others find it done; a database that does not answer yet is waited for. With MLFLOW_AUTH_CONFIG_PATH, the users'
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
            if time.monotonic() > deadline:
                sys.exit(f"the database did not answer within {WAIT} s: {error.orig}")
            time.sleep(0.5)


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
