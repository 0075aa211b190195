#!/usr/bin/env bash
# Makes CallSphere's database roles and database. The postgres image runs it once, on an empty volume; for a
# server of your own run it by hand as that server's superuser (docs/operations.md, "A database of your own"):
#   PGHOST=db.example PGUSER=postgres PGPASSWORD=... DATABASE_URL_FILE=... DATABASE_OWNER_URL_FILE=... \
#     docker/postgres-init.sh
set -euo pipefail

: "${DATABASE_URL_FILE:?names the file with the address for callsphere_app}"
: "${DATABASE_OWNER_URL_FILE:?names the file with the address for callsphere_owner}"
roles_sql=${ROLES_SQL:-$(dirname "${BASH_SOURCE[0]}")/../callsphere/local/roles.sql}
export PGUSER=${PGUSER:-${POSTGRES_USER:-postgres}} PGOPTIONS="-c client_min_messages=warning"

password_of() { # the password inside a postgres://user:password@host/database address
  local credentials
  credentials=$(<"$1")
  credentials=${credentials#*://}
  credentials=${credentials%%@*}
  printf '%s' "${credentials#*:}"
}

database_of() {
  local url
  url=$(<"$1")
  url=${url##*/}
  printf '%s' "${url%%\?*}"
}

# Through the environment: a command line can be read by every process of the machine.
APP_PASSWORD=$(password_of "$DATABASE_URL_FILE")
OWNER_PASSWORD=$(password_of "$DATABASE_OWNER_URL_FILE")
DATABASE=$(database_of "$DATABASE_URL_FILE")
export APP_PASSWORD OWNER_PASSWORD DATABASE ROLES_SQL="$roles_sql"

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres <<'SQL'
\getenv database DATABASE
\getenv app_password APP_PASSWORD
\getenv owner_password OWNER_PASSWORD
\getenv roles_sql ROLES_SQL
\set set_passwords 'SELECT set_config(''setup.app_password'', :''app_password'', false), set_config(''setup.owner_password'', :''owner_password'', false)'
\o /dev/null
:set_passwords;
\i :roles_sql
SELECT format('CREATE DATABASE %I OWNER callsphere_owner', :'database')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', :'database') \gexec
\connect :database
:set_passwords;
\i :roles_sql
SQL
echo "Database $DATABASE and the roles callsphere_owner, callsphere_app and callsphere_platform are there."
