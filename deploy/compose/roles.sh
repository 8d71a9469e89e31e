#!/bin/sh
# Runs once, in the Postgres container, when its volume is made. Owner: migrations. App: rows. Backup: replication.
# None is a superuser. Running it again changes no password and breaks nothing; for a volume that is older than the
# backups: docker compose exec postgres sh /docker-entrypoint-initdb.d/roles.sh
set -eu

# "all" databases of pg_hba.conf does not cover replication.
access='host replication booking_backup all scram-sha-256'
if [ -n "${PGDATA:-}" ] && ! grep -qxF "$access" "$PGDATA/pg_hba.conf"; then
	echo "$access" >> "$PGDATA/pg_hba.conf"
fi

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'END'
\getenv owner_password BOOKING_OWNER_PASSWORD
\getenv app_password BOOKING_APP_PASSWORD
\getenv backup_password BOOKING_BACKUP_PASSWORD
\getenv database POSTGRES_DB

SELECT format('CREATE ROLE booking_owner LOGIN PASSWORD %L', :'owner_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'booking_owner') \gexec
SELECT format('CREATE ROLE booking_app LOGIN PASSWORD %L', :'app_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'booking_app') \gexec
SELECT format('CREATE ROLE booking_backup LOGIN REPLICATION PASSWORD %L', :'backup_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'booking_backup') \gexec

ALTER DATABASE :"database" OWNER TO booking_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
-- Temporary tables: by writing one, readiness finds out that the disk is full.
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO booking_app;
SELECT FROM pg_reload_conf();
END
