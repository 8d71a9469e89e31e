"""A Stripe of our own for tests, written from what Stripe publishes and sharing no code with the adapter.

Sources: docs.stripe.com/api (payment_intents, refunds, checkout/sessions, disputes, errors, idempotent_requests),
/error-codes, /error-low-level, /currencies, /webhooks, /testing, and the changelog of version 2026-09-30.endive. Where
these pages give no words, those that issues on GitHub quote are used.
"""

from tests.stripe_stand_in.stand_in import StandIn

__all__ = ["StandIn"]
