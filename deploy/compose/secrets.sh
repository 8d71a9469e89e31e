#!/bin/sh
# Prints what compose.yaml asks for, drawn anew each time: sh deploy/compose/secrets.sh > .env
set -eu
umask 077

random() {
	od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'
}

cat <<END
# Passwords of the servers. Postgres learns its own when its volume is made, and keeps them.
POSTGRES_PASSWORD=$(random)
BOOKING_OWNER_PASSWORD=$(random)
BOOKING_APP_PASSWORD=$(random)
BOOKING_BACKUP_PASSWORD=$(random)
VALKEY_PASSWORD=$(random)

# Of the application. To change JWT_KEYS, put a new kid:secret, in front, and remove the old one an hour later.
SECRET_KEY=$(random)
JWT_KEYS=first:$(random)
METRICS_TOKEN=$(random)

# Where guests find us, how many proxies there are (one is ours), and who sends our mail. Without these: a copy to look at.
# SITE_URL=https://rooms.example
# TRUSTED_PROXIES=2
# SMTP_URL=smtp://user:password@mail.example:587
END
