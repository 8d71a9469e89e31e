#!/bin/sh
# Runs once, in the Postgres container, when its volume is made. Owner: migrations. App: rows. Neither is a superuser.
# Running it again changes no password and breaks nothing.
set -eu

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'END'
\getenv owner_password BOOKING_OWNER_PASSWORD
\getenv app_password BOOKING_APP_PASSWORD
\getenv database POSTGRES_DB

SELECT format('CREATE ROLE booking_owner LOGIN PASSWORD %L', :'owner_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'booking_owner') \gexec
SELECT format('CREATE ROLE booking_app LOGIN PASSWORD %L', :'app_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'booking_app') \gexec

ALTER DATABASE :"database" OWNER TO booking_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO booking_app;
END
