# Runs where PostgreSQL's tools are: DATABASE_URI is SQLAlchemy's, $MODELS a query. Leaves `facts.json` and `dump` of one
# and the same moment in the folder that it is started in.
set -eu
umask 077
export URL="postgresql${DATABASE_URI#postgresql+psycopg2}"
rm -f facts.json dump dump.part
psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --set=models="$MODELS" --dbname="$URL" <<'END'
begin isolation level repeatable read read only;
select pg_export_snapshot() as snapshot \gset
\setenv SNAPSHOT :snapshot
\o facts.json
select json_build_object(
  'engine', 'postgresql',
  'server', current_setting('server_version_num')::int / 10000,
  'schema', (select json_object_agg(tablename, (xpath('//version_num/text()', query_to_xml(
      format('select version_num from %I.%I', schemaname, tablename), false, true, '')))[1]::text)
    from pg_tables where schemaname = current_schema() and tablename like 'alembic_version%'),
  'rows', (select json_object_agg(tablename, (xpath('//n/text()', query_to_xml(
      format('select count(*) as n from %I.%I', schemaname, tablename), false, true, '')))[1]::text::bigint)
    from pg_tables where schemaname = current_schema()),
  'models', (select json_agg(json_build_array(name, location)) from (:models) as models(name, location)));
\o
\! test "${FACTS_ONLY:-}" || { pg_dump --dbname="$URL" --format=custom --no-owner --no-privileges --snapshot="$SNAPSHOT" --file=dump.part && mv dump.part dump; }
END
test "${FACTS_ONLY:-}" || test -f dump
