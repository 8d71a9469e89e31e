"""Tables, their constraints, and the legal moves of their rows. Every constraint has a name."""

from booking.domain.catalogue.models import Property, Room, RoomSheet
from booking.domain.catalogue.photos.models import Photo
from booking.domain.catalogue.unit_models import RoomPart, UnitGroup
from booking.domain.figures.models import BlockedMonth, FiguresProgress, SoldMonth
from booking.domain.inventory.housekeeping_models import RoomStatus
from booking.domain.inventory.models import Availability, Block, LiftedBlock
from booking.domain.invoicing.models import (
    Invoice,
    InvoiceBuyer,
    InvoiceIssuer,
    InvoiceLine,
    InvoicesDue,
    InvoiceSeries,
)
from booking.domain.messages.conversation_models import GuestMessage
from booking.domain.messages.models import Delivery, Event
from booking.domain.messages.sent_models import HeardReport, SentEmail
from booking.domain.payments.billing_models import OrderBilling
from booking.domain.payments.cash_models import CashClosing, CashMovement
from booking.domain.payments.look_models import ProviderLook
from booking.domain.payments.models import Dispute, Order, Payment
from booking.domain.payments.schedule_models import ScheduledPayment
from booking.domain.payments.waiver_models import Waiver
from booking.domain.people.alert_choice_models import AlertChoice, FiguresReader
from booking.domain.people.audit_models import AuditRecord, PersonKey
from booking.domain.people.invitation_models import Invitation
from booking.domain.people.link_models import EmailChange, EmailVerification, Farewell, PasswordReset
from booking.domain.people.models import SecurityEvent, Session, StaffMembership, User
from booking.domain.people.saved_view_models import SavedView
from booking.domain.people.second_factor_models import Authenticator, Passkey, RecoveryCode
from booking.domain.pricing.projection_models import RateTerms, RoomCalendar, StayTerms, TermsMonth
from booking.domain.pricing.promotion_models import Promotion
from booking.domain.pricing.rate_models import RateDecision, RateRule
from booking.domain.reservations.change_models import BookingChange
from booking.domain.reservations.decision_models import RefundDecision
from booking.domain.reservations.front_desk.note_models import BookingNote
from booking.domain.reservations.guest_register.models import GuestRegister
from booking.domain.reservations.importing.file_models import ImportFile
from booking.domain.reservations.models import Booking, IdempotencyKey
from booking.domain.system.alert_models import Alert
from booking.domain.system.data_request_models import DataRequest
from booking.domain.system.models import MaintenanceMode
from booking.domain.system.noted_models import NotedFacts
from booking.domain.texting.models import SentText, TextConsent, ToldArrival

__all__ = [
    "Alert",
    "AlertChoice",
    "AuditRecord",
    "Authenticator",
    "Availability",
    "Block",
    "BlockedMonth",
    "Booking",
    "BookingChange",
    "BookingNote",
    "CashClosing",
    "CashMovement",
    "DataRequest",
    "Delivery",
    "Dispute",
    "EmailChange",
    "EmailVerification",
    "Event",
    "Farewell",
    "FiguresProgress",
    "FiguresReader",
    "GuestMessage",
    "GuestRegister",
    "HeardReport",
    "IdempotencyKey",
    "ImportFile",
    "Invitation",
    "Invoice",
    "InvoiceBuyer",
    "InvoiceIssuer",
    "InvoiceLine",
    "InvoiceSeries",
    "InvoicesDue",
    "LiftedBlock",
    "MaintenanceMode",
    "NotedFacts",
    "Order",
    "OrderBilling",
    "Passkey",
    "PasswordReset",
    "Payment",
    "PersonKey",
    "Photo",
    "Promotion",
    "Property",
    "ProviderLook",
    "RateDecision",
    "RateRule",
    "RateTerms",
    "RecoveryCode",
    "RefundDecision",
    "Room",
    "RoomCalendar",
    "RoomPart",
    "RoomSheet",
    "RoomStatus",
    "SavedView",
    "ScheduledPayment",
    "SecurityEvent",
    "SentEmail",
    "SentText",
    "Session",
    "SoldMonth",
    "StaffMembership",
    "StayTerms",
    "TermsMonth",
    "TextConsent",
    "ToldArrival",
    "UnitGroup",
    "User",
    "Waiver",
]
