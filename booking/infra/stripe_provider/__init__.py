"""Cards charged by Stripe: the port's four verbs over PaymentIntents and refunds (docs/adr/0019-stripe.md).

Imported only where a key is set: the library costs 0.4 s and 30 MB.
"""

from booking.infra.stripe_provider.adapter import StripeProvider

__all__ = ["StripeProvider"]
