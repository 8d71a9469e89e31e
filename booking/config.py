"""Settings: read once from the environment, frozen, passed around. One line of explanation per variable."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from booking import config_values
from booking.config_values import boolean, origin, postgres_url, require_domain, require_site, split_sender

DEVELOPMENT, PRODUCTION = "development", "production"
SIMULATED, STRIPE = "simulated", "stripe"
PAYMENT_PROVIDERS = (SIMULATED, STRIPE)  # what PAYMENTS may name; booking/infra/provider.py builds them
REQUIRED, OPTIONAL = "required", "optional"
ORIGIN = re.compile(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
PHOTO_KINDS = ("jpeg", "png", "webp")
PHOTOS_PLACE = re.compile(r"file:///\S+|s3://[a-z0-9][a-z0-9.-]+(/\S*)?")
BASE_URL = re.compile(r"https://[A-Za-z0-9._~:/-]+")
LOOPBACK = re.compile(r"http://127\.0\.0\.1:\d{1,5}")
STRIPE_KEY = re.compile(r"(sk|rk)_(live|test)_[A-Za-z0-9]+")
MINIMUM_SECRET = 32  # bytes; HS256 wants a key as long as its hash (RFC 7518 §3.2)

A_DAY = 24 * 3600

# The smallest and the largest of each number that every page and endpoint works with.
RANGES: dict[str, tuple[float, float]] = {
    "access_token_seconds": (60, 30 * A_DAY),
    "refresh_token_days": (1, 3650),
    "session_days": (1, 3650),
    "staff_session_idle_hours": (1, 10_000),
    "staff_session_days": (1, 3650),
    "security_events_days": (1, 3650),
    "guest_contact_days": (1, 36_500),
    "guest_register_days": (0, 36_500),
    "invoice_years": (1, 100),
    "hold_minutes": (1, 24 * 60),
    "holds_per_guest": (1, 10_000),
    "booking_horizon_days": (1, 2_000_000),
    "longest_stay_nights": (1, 100_000),
    "payment_timeout_seconds": (0.1, 60),
    "trusted_proxies": (0, 100),
    "max_body_bytes": (16 * 1024, 1024**3),
    "db_pool_size": (1, 10_000),
    "granian_blocking_threads": (1, 1000),
    "search_cache_seconds": (0, A_DAY),
    "session_cache_seconds": (0, A_DAY),
    "room_cache_seconds": (0, A_DAY),
    "ticker_seconds": (0.01, 3600),
    "sweep_seconds": (0.01, 3600),
    "photo_bytes": (16 * 1024, 200 * 1024**2),
    "photo_pixels": (100_000, 60_000_000),  # more do not fit into the MEMORY of pictures/encoding.py
    "photo_upload_bytes": (16 * 1024, 1024**3),
    "backup_keep": (1, 10_000),
    "backup_hours": (1, 10_000),
}


class SettingsError(RuntimeError):
    """The environment is not fit to start with; the message names every variable at fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("Cannot start: " + " ".join(problems))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an operator may choose. Build it with `from_env()`."""

    app_env: str  # APP_ENV: development | production (production as soon as a DATABASE_URL is given)
    database_url: str  # DATABASE_URL: Postgres, as the role that runs the application
    migration_database_url: str  # MIGRATION_DATABASE_URL: the same database as its owner; only migrations use it
    read_database_url: str  # READ_DATABASE_URL: a streaming replica for searches; empty: none
    redis_url: str  # REDIS_URL: Redis or Valkey for locks, limits and queues (noeviction)
    cache_redis_url: str  # CACHE_REDIS_URL: another server for the cache; empty: REDIS_URL
    secret_key: str = field(repr=False)  # SECRET_KEY: signs cookies and forms; 32 characters or more
    jwt_keys: tuple[tuple[str, str], ...] = field(
        repr=False
    )  # JWT_KEYS: kid:secret,kid:secret; the first signs, all verify
    secret_key_fallbacks: str = field(
        default="", repr=False
    )  # SECRET_KEY_FALLBACKS: former secrets, comma-separated, that still verify what they signed
    jwt_issuer: str = "room-booking"  # JWT_ISSUER: `iss` of access tokens
    jwt_audience: str = "room-booking-api"  # JWT_AUDIENCE: `aud` of access tokens
    access_token_seconds: int = 3600  # ACCESS_TOKEN_SECONDS: life of an access token
    refresh_token_days: int = 30  # REFRESH_TOKEN_DAYS: life of a session that is not used, of browsers and programs
    session_days: int = 90  # SESSION_DAYS: the longest life of a session, however much it is used
    staff_session_idle_hours: int = 12  # STAFF_SESSION_IDLE_HOURS: as REFRESH_TOKEN_DAYS, for staff and owners
    staff_session_days: int = 7  # STAFF_SESSION_DAYS: as SESSION_DAYS, for staff and owners
    security_events_days: int = 90  # SECURITY_EVENTS_DAYS: how long sign-ins and their addresses are kept
    guest_contact_days: int = 365  # GUEST_CONTACT_DAYS: after the stay, the contact of a guest without an account
    guest_register_days: int = 0  # GUEST_REGISTER_DAYS: after the stay, what guests have shown; 0: as the law says
    invoice_years: int = 10  # INVOICE_YEARS: after its own, whom an invoice is for; as the law has books kept
    region: str = "eu"  # REGION: where this copy keeps its users and bookings
    site_name: str = "Room Booking"  # SITE_NAME: in emails and on pages
    image_sources: str = ""  # IMAGE_SOURCES: where photos of rooms may come from: https://a0.muscache.com,https://...
    photos_url: str = ""  # PHOTOS_URL: file:///folder or s3://bucket/prefix (keys in AWS_*); empty: VAR_DIR/photos
    photos_base_url: str = ""  # PHOTOS_BASE_URL: where a CDN has the folder `photos` of it; empty: we send them
    photo_types: str = "jpeg,png,webp"  # PHOTO_TYPES: what may be uploaded
    photo_bytes: int = 20 * 1024 * 1024  # PHOTO_BYTES: of one photo
    photo_pixels: int = 50_000_000  # PHOTO_PIXELS: of one photo; its worker needs up to 16 bytes for each
    photo_upload_bytes: int = 64 * 1024 * 1024  # PHOTO_UPLOAD_BYTES: of all that are sent with one form
    legal_name: str = ""  # LEGAL_NAME: who sells here, for contact page and receipts
    legal_address: str = ""  # LEGAL_ADDRESS: the seller's postal address, parts separated by commas
    contact_email: str = ""  # CONTACT_EMAIL: for guests, on the contact page
    contact_phone: str = ""  # CONTACT_PHONE: for guests, on the contact page
    terms_file: str = ""  # TERMS_FILE: text file with the terms; shown as a page and linked on every page
    privacy_file: str = ""  # PRIVACY_FILE: text file with the privacy notice, likewise
    taxes_included: bool = False  # TAXES_INCLUDED: true where all taxes are in the prices; pages say so
    accent_color: str = "#0e6655"  # ACCENT_COLOR: of buttons and links on pages, #rrggbb; made legible where it is not
    site_url: str = "http://localhost:8000"  # SITE_URL: the public address, for links in emails
    hold_minutes: int = 15  # HOLD_MINUTES: how long nights wait for their payment
    holds_per_guest: int = 3  # HOLDS_PER_GUEST: how many unpaid holds one guest may have at a time
    booking_horizon_days: int = 540  # BOOKING_HORIZON_DAYS: the latest arrival
    longest_stay_nights: int = 365  # LONGEST_STAY_NIGHTS: of any booking
    day_begins_at: str = "04:00"  # DAY_BEGINS_AT: the property's hour until which the running night can still be booked
    staff_second_factor: str = ""  # STAFF_SECOND_FACTOR: required | optional; empty: required in production
    payments: str = SIMULATED  # PAYMENTS: who charges cards; production has to name it: simulated charges nobody
    stripe_secret_key: str = field(
        default="", repr=False
    )  # STRIPE_SECRET_KEY: sk_live_... or rk_live_...; returns what Stripe charged also under other PAYMENTS
    stripe_webhook_secret: str = field(
        default="", repr=False
    )  # STRIPE_WEBHOOK_SECRET: whsec_... of the endpoint SITE_URL/webhooks/stripe
    stripe_test_mode: bool = False  # STRIPE_TEST_MODE: true lets production use test keys, which charge nobody
    stripe_page_origin: str = "https://checkout.stripe.com"  # STRIPE_PAGE_ORIGIN: where guests pay, for form-action
    stripe_api_base: str = ""  # STRIPE_API_BASE: of a stand-in, for tests; empty: Stripe's own
    payment_timeout_seconds: float = 5.0  # PAYMENT_TIMEOUT_SECONDS: then the outcome is unknown
    redis_lock_enabled: bool = True  # REDIS_LOCK_ENABLED: the lock in front of a hold (off: for measurements)
    ratelimit_enabled: bool = True  # RATELIMIT_ENABLED: false for load tests
    limit_public: str = "100 per 15 minutes"  # LIMIT_PUBLIC: per address, on public endpoints
    limit_codes: str = "20 per 15 minutes"  # LIMIT_CODES: per guest, on promotion codes that are tried
    limit_mails: str = "30 per day"  # LIMIT_MAILS: per address, on links that it has mailed to somebody
    limit_user: str = "300 per 15 minutes"  # LIMIT_USER: per user, on the API
    limit_bookings: str = "20 per minute"  # LIMIT_BOOKINGS: per user, on POST /bookings
    limit_reservations: str = "60 per 15 minutes"  # LIMIT_RESERVATIONS: per address, on "Reserve" of the pages
    trusted_proxies: int = 0  # TRUSTED_PROXIES: how many proxies stand in front of us
    hsts_include_subdomains: bool = (
        True  # HSTS_INCLUDE_SUBDOMAINS: browsers use https for subdomains too, for a year; false where one has none
    )
    max_body_bytes: int = 1024 * 1024  # MAX_BODY_BYTES: of a request
    prepared_statements: bool = True  # PREPARED_STATEMENTS: false behind a pooler of transactions
    db_pool_size: int = 10  # DB_POOL_SIZE: at least the blocking threads of one web process
    granian_blocking_threads: int = 8  # GRANIAN_BLOCKING_THREADS: of one web process; all but one may wait for Postgres
    smtp_url: str = ""  # SMTP_URL: smtp://user:password@host:587 (smtps:// for TLS from the start)
    smtp_tls: str = ""  # SMTP_TLS: required | optional (STARTTLS where offered); empty: required in production
    mail_dir: str = ""  # MAIL_DIR: write emails as files here instead of sending them
    mail_from: str = "Room Booking <bookings@localhost>"  # MAIL_FROM: sender of every email
    ses_topic_arn: str = ""  # SES_TOPIC_ARN: arn:aws:sns:...; the topic by which Amazon SES tells what became of emails
    sendgrid_webhook_key: str = ""  # SENDGRID_WEBHOOK_KEY: the verification key of SendGrid's signed event webhook
    mailgun_signing_key: str = field(
        default="", repr=False
    )  # MAILGUN_SIGNING_KEY: the HTTP webhook signing key of Mailgun
    sms: str = config_values.SMS_NONE  # SMS: none | log | twilio; text messages to guests and staff who agreed to them
    sms_from: str = ""  # SMS_FROM: our number (+32...), a messaging service (MG...) or a name of 11 characters
    twilio_account_sid: str = ""  # TWILIO_ACCOUNT_SID: AC...
    twilio_auth_token: str = field(default="", repr=False)  # TWILIO_AUTH_TOKEN: sends, and signs what Twilio tells
    twilio_api_base: str = ""  # TWILIO_API_BASE: of a stand-in, for tests; empty: Twilio's own
    metrics_token: str = field(
        default="", repr=False
    )  # METRICS_TOKEN: bearer token of /metrics; without one, production hides it
    log_level: str = "INFO"  # LOG_LEVEL: DEBUG | INFO | WARNING | ERROR
    search_cache_seconds: int = 45  # SEARCH_CACHE_SECONDS: 0 switches the cache of searches off
    session_cache_seconds: int = 3  # SESSION_CACHE_SECONDS: who has signed in; its end is seen at once all the same
    room_cache_seconds: int = 600  # ROOM_CACHE_SECONDS: of a room's details
    ticker_seconds: float = 1.0  # TICKER_SECONDS: how often the worker looks for new events
    sweep_seconds: float = 15.0  # SWEEP_SECONDS: how often holds expire and unknown payments are settled
    demo_goes_on: bool = True  # DEMO_GOES_ON: false leaves the demo as it was loaded: no guest comes, none leaves
    backup_url: str = ""  # BACKUP_URL: file:///folder or s3://bucket/prefix (keys in AWS_*); empty: no backups
    backup_database_url: str = ""  # BACKUP_DATABASE_URL: Postgres, as a role with REPLICATION; only backups use it
    backup_keep: int = 7  # BACKUP_KEEP: how many base backups are kept, with all WAL since the oldest of them
    backup_hours: int = 24  # BACKUP_HOURS: how often `flask backup receive` makes a base backup
    backup_work_dir: str = ""  # BACKUP_WORK_DIR: where received WAL waits for its upload; empty: VAR_DIR/backup
    pg_bin: str = ""  # PG_BIN: the folder of Postgres' programs, for backups; empty: of the wheel, or on PATH

    @property
    def production(self) -> bool:
        return self.app_env == PRODUCTION

    @property
    def plays_demo(self) -> bool:
        """Whether the days of the demo go on by themselves."""
        return self.demo_goes_on and not self.production

    @property
    def charges_nobody(self) -> bool:
        """Whether payments are play: simulated, or by a test key of Stripe's."""
        return self.payments == SIMULATED or "_test_" in self.stripe_secret_key

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """SECRET_KEY, then its fallbacks."""
        former = (secret.strip() for secret in self.secret_key_fallbacks.split(","))
        return (self.secret_key, *(secret for secret in former if secret))

    @property
    def sends_texts(self) -> bool:
        """Whether there is anything to do with text messages."""
        return self.sms != config_values.SMS_NONE

    @property
    def mails_need_tls(self) -> bool:
        """Whether an email may leave over an encrypted connection only."""
        return self.smtp_tls == REQUIRED or (not self.smtp_tls and self.production)

    @property
    def second_factor_required(self) -> bool:
        """Whether owners and managers can do their work only in two steps of signing in."""
        return self.staff_second_factor == REQUIRED or (not self.staff_second_factor and self.production)

    @property
    def image_origins(self) -> tuple[str, ...]:
        """Where photos may come from, as origins."""
        own = [origin(self.photos_base_url)] if self.photos_base_url else []
        return tuple(dict.fromkeys([*self.listed_image_sources, *own]))

    @property
    def listed_image_sources(self) -> list[str]:
        """Those of IMAGE_SOURCES."""
        return [source.strip().rstrip("/").lower() for source in self.image_sources.split(",") if source.strip()]

    @property
    def photo_kinds(self) -> tuple[str, ...]:
        """What may be uploaded as a photo, of PHOTO_KINDS."""
        return tuple(dict.fromkeys(kind.strip().lower() for kind in self.photo_types.split(",") if kind.strip()))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; raise SettingsError naming every variable that is missing or cannot be read."""
        settings, problems = cls.as_far_as_readable(environ)
        if problems:
            raise SettingsError(problems)
        return settings

    @classmethod
    def as_far_as_readable(cls, environ: Mapping[str, str] | None = None) -> tuple[Settings, list[str]]:
        """For looking at an unfit environment: defaults where it cannot be read, and a sentence for each fault.

        Without a fault these are the settings; with one, required texts may be empty.
        """
        reader = _Reader(os.environ if environ is None else environ)
        return reader.settings(), reader.problems

    @classmethod
    def unconnected(cls) -> Settings:
        """Enough to list commands and show their help; nothing of it leads anywhere."""
        nowhere = "postgresql+psycopg2:///"
        return cls(DEVELOPMENT, nowhere, nowhere, "", "redis:///", "redis:///", "unused", (("unused", "unused"),))


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def settings(self) -> Settings:
        read = {name: self._value(name) for name in Settings.__dataclass_fields__ if name.upper() in self.environ}
        values: dict[str, Any] = {name: value for name, value in read.items() if value is not None}
        values["app_env"] = self._app_env()
        values["payments"] = self._payments(values["app_env"])
        values["database_url"] = postgres_url(self._required("DATABASE_URL"))
        values["migration_database_url"] = (
            postgres_url(self.environ.get("MIGRATION_DATABASE_URL", "")) or values["database_url"]
        )
        values["read_database_url"] = postgres_url(self.environ.get("READ_DATABASE_URL", ""))
        values["backup_database_url"] = postgres_url(self.environ.get("BACKUP_DATABASE_URL", ""))
        values["redis_url"] = self._required("REDIS_URL")
        values["cache_redis_url"] = self.environ.get("CACHE_REDIS_URL") or values["redis_url"]
        values["secret_key"] = self._secret("SECRET_KEY", self._required("SECRET_KEY"))
        for secret in self.environ.get("SECRET_KEY_FALLBACKS", "").split(","):
            self._secret("SECRET_KEY_FALLBACKS", secret.strip())
        values["jwt_keys"] = self._key_ring(self._required("JWT_KEYS"))
        if values["app_env"] == PRODUCTION:
            self._check_production()
        settings = Settings(**values)
        self._check_addresses(settings)
        if not all(ORIGIN.fullmatch(source) for source in settings.listed_image_sources):
            self.problems.append("IMAGE_SOURCES must look like https://photos.example,https://cdn.example.")
        self._check_photos(settings)
        self._check_numbers(settings)
        self._check_stripe(settings)
        self.problems += config_values.sms_problems(
            settings.sms, settings.sms_from, settings.twilio_account_sid, settings.twilio_auth_token
        )
        if not re.fullmatch(r"(0\d|1[01]):(00|15|30|45)", settings.day_begins_at):
            self.problems.append("DAY_BEGINS_AT must be a quarter of an hour from 00:00 to 11:45, such as 04:00.")
        return settings

    def _check_photos(self, settings: Settings) -> None:
        if settings.photos_url and not PHOTOS_PLACE.fullmatch(settings.photos_url):
            self.problems.append("PHOTOS_URL must look like file:///photos or s3://bucket/prefix.")
        if settings.photos_base_url and not (
            ORIGIN.match(settings.photos_base_url.lower()) and BASE_URL.fullmatch(settings.photos_base_url)
        ):
            self.problems.append("PHOTOS_BASE_URL must look like https://cdn.example/photos.")
        if not settings.photo_kinds or not set(settings.photo_kinds) <= set(PHOTO_KINDS):
            self.problems.append(f"PHOTO_TYPES must be some of {','.join(PHOTO_KINDS)}, not {settings.photo_types!r}.")

    def _check_numbers(self, settings: Settings) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(settings, name)
            if not least <= value <= most:  # nor is it infinite, or no number at all
                self.problems.append(f"{name.upper()} must be between {least:g} and {most:.10g}, not {value:g}.")

    def _app_env(self) -> str:
        chosen = self.environ.get("APP_ENV", PRODUCTION)
        if chosen not in {DEVELOPMENT, PRODUCTION}:
            self.problems.append(f"APP_ENV must be {DEVELOPMENT} or {PRODUCTION}, not {chosen!r}.")
        return chosen

    def _payments(self, app_env: str) -> str:
        chosen = self.environ.get("PAYMENTS", "")
        if not chosen and app_env == PRODUCTION:
            self.problems.append("PAYMENTS is not set: PAYMENTS=simulated sells rooms without charging anybody.")
        elif chosen and chosen not in PAYMENT_PROVIDERS:
            self.problems.append(f"PAYMENTS must be {' or '.join(PAYMENT_PROVIDERS)}, not {chosen!r}.")
        return chosen or SIMULATED

    def _check_stripe(self, settings: Settings) -> None:
        """Keys that cannot be right, or would charge nobody where somebody has to be charged."""
        secret, webhook = settings.stripe_secret_key, settings.stripe_webhook_secret
        chosen = settings.payments == STRIPE
        if (chosen or secret) and not STRIPE_KEY.fullmatch(secret):
            self.problems.append("STRIPE_SECRET_KEY must be a secret key of Stripe's, such as sk_live_...")
        if (chosen or webhook) and not re.fullmatch(r"whsec_\S+", webhook):
            self.problems.append("STRIPE_WEBHOOK_SECRET must be the signing secret of an endpoint: whsec_...")
        if settings.production and "_test_" in secret and not settings.stripe_test_mode:
            self.problems.append("STRIPE_SECRET_KEY is a test key, which charges nobody: say STRIPE_TEST_MODE=true.")
        for name in ("stripe_api_base", "stripe_page_origin", "twilio_api_base"):
            address = getattr(settings, name)
            if address and not (ORIGIN.fullmatch(address) or (not settings.production and LOOPBACK.fullmatch(address))):
                self.problems.append(f"{name.upper()} must look like https://checkout.example.")

    def _required(self, variable: str) -> str:
        value = self.environ.get(variable, "")
        if not value:
            self.problems.append(f"{variable} is not set.")
        return value

    def _secret(self, variable: str, secret: str) -> str:
        if secret and (len(secret) < MINIMUM_SECRET or len(set(secret)) < 8 or "change" in secret.lower()):
            self.problems.append(
                f"{variable} is too short or a placeholder: it needs {MINIMUM_SECRET} random characters or more."
            )
        return secret

    def _key_ring(self, text: str) -> tuple[tuple[str, str], ...]:
        ring = tuple(
            (kid.strip(), secret.strip()) for kid, _, secret in (part.partition(":") for part in text.split(","))
        )
        if text and not all(kid and secret for kid, secret in ring):
            self.problems.append("JWT_KEYS must look like kid:secret,kid:secret.")
            return ()
        if len(dict(ring)) < len(ring):
            self.problems.append("JWT_KEYS has two secrets under one kid: only one of them could verify.")
        for kid, secret in ring if text else ():
            self._secret(f"JWT_KEYS ({kid})", secret)
        return ring

    def _check_production(self) -> None:
        if not (self.environ.get("SMTP_URL") or self.environ.get("MAIL_DIR")):
            self.problems.append("SMTP_URL is not set: confirmations could not be sent.")
        if not self.environ.get("SITE_URL"):
            self.problems.append("SITE_URL is not set: links in emails would lead nowhere.")

    def _check_addresses(self, settings: Settings) -> None:
        if settings.smtp_tls not in {"", REQUIRED, OPTIONAL}:
            self.problems.append(f"SMTP_TLS must be {REQUIRED} or {OPTIONAL}.")
        if settings.staff_second_factor not in {"", REQUIRED, OPTIONAL}:
            self.problems.append(f"STAFF_SECOND_FACTOR must be {REQUIRED} or {OPTIONAL}.")
        try:
            _, email = split_sender(settings.mail_from)
            require_domain(email.rpartition("@")[2])
        except ValueError as error:
            self.problems.append(f"MAIL_FROM cannot be used: {error}.")
        if settings.ses_topic_arn and not re.fullmatch(
            r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d+:\S+", settings.ses_topic_arn
        ):
            self.problems.append("SES_TOPIC_ARN must look like arn:aws:sns:eu-west-1:123456789012:mail.")
        if settings.sendgrid_webhook_key and not re.fullmatch(
            r"[A-Za-z0-9+/]{80,}={0,2}", settings.sendgrid_webhook_key
        ):
            self.problems.append("SENDGRID_WEBHOOK_KEY must be the verification key, as SendGrid shows it.")
        try:
            require_site(settings.site_url or "http://localhost")
        except ValueError as error:
            self.problems.append(f"SITE_URL cannot be used: {error}.")

    def _value(self, name: str) -> object:
        text, kind = self.environ[name.upper()], Settings.__dataclass_fields__[name].type
        readers: dict[str, Callable[[str], object]] = {"int": int, "float": float, "bool": boolean}
        try:
            return readers.get(str(kind), str)(text)
        except ValueError:
            self.problems.append(f"{name.upper()} must be {kind}, not {text!r}.")
            return None
