# Runs where PostgreSQL's tools are: puts `dump` into the database of DATABASE_URI, whole or not at all.
set -eu
pg_restore --dbname="postgresql${DATABASE_URI#postgresql+psycopg2}" --clean --if-exists --no-owner --no-privileges \
  --single-transaction --exit-on-error dump
