"""What is said about a refusal as a whole, by its reason."""

from __future__ import annotations

from booking.http.words.templates import Template, Templates, _, _n

ERRORS: Templates = {
    "INTERNAL_ERROR": _("Something went wrong on our side."),
    "VALIDATION_ERROR": _("Invalid input data"),
    "MALFORMED_JSON": _("The body is not valid JSON."),
    # --- who asks
    "UNAUTHORIZED": _("Please sign in."),
    "SESSION_OVER": _("This session is over. Please sign in again."),
    "TOKEN_MISSING": _("An access token is missing: send Authorization: Bearer."),
    "TOKEN_UNUSABLE": _("The access token cannot be used."),
    "INVALID_CREDENTIALS": _("Email or password is wrong."),
    "WRONG_PASSKEY": _("This passkey doesn’t work here. Try another one, or sign in with your password."),
    "CHALLENGE_OVER": _("That took too long. Try again."),
    "INVALID_TOKEN": _("This refresh token cannot be used. Please sign in again."),
    "RECENT_SIGN_IN_NEEDED": _("Please confirm that it is you: your last sign-in was a while ago."),
    "SECOND_FACTOR_NEEDED": _("This account uses two-step sign-in: send the code from your authenticator app as well."),
    "WRONG_CODE": _("This code is wrong, expired or already used."),
    "FORBIDDEN": _("You don’t have permission to do this."),
    "DEMO_OWNERS_ONLY": _("Only the owner of this demo can read its emails. Sign in as owner@example.com."),
    "ACCOUNT_DISABLED": _("This account is disabled. Contact us to use it again."),
    "RATE_LIMIT_EXCEEDED": _n(
        "Too many attempts. Try again in %(seconds)s second.",
        "Too many attempts. Try again in %(seconds)s seconds.",
        "seconds",
    ),
    # --- what is not there
    "NOT_FOUND": _("Not found."),
    "ROOM_NOT_FOUND": _("This room does not exist."),
    "BOOKING_NOT_FOUND": _("This booking does not exist."),
    "UNKNOWN_BOOKING": _("There is no booking '%(reference)s'.%(hint)s"),
    "BLOCK_NOT_FOUND": _("This block does not exist."),
    "PAYMENT_NOT_FOUND": _("This payment does not exist."),
    "ORDER_NOT_FOUND": _("This order does not exist."),
    "INVOICE_NOT_FOUND": _("This invoice does not exist."),
    "PHOTO_NOT_FOUND": _("This photo does not exist."),
    "SESSION_NOT_FOUND": _("This session does not exist or has already ended."),
    "PASSKEY_NOT_FOUND": _("This passkey does not exist."),
    "ACCOUNT_NOT_FOUND": _("This account does not exist."),
    "UNKNOWN_ACCOUNT": _("There is no account for %(email)s.%(hint)s"),
    "RATE_NOT_FOUND": _("This rule does not exist."),
    "PROMOTION_NOT_FOUND": _("This promotion does not exist."),
    "PROPERTY_NOT_FOUND": _("This property does not exist."),
    "UNKNOWN_PROPERTY": _("There is no property '%(slug)s'.%(hint)s"),
    "LINK_OVER": _("This link has been used or has expired."),
    "RESET_LINK_OVER": _("This link has been used or has expired."),
    # --- accounts
    "ACCOUNT_IN_USE": _(
        "This account has upcoming stays, unpaid holds, payments in progress or amounts still due. Nothing was deleted."
    ),
    "INVITATION_OVER": _("This invitation has been used, withdrawn or has expired. Ask for a new one."),
    "INVITED_ANOTHER": _("This invitation is for %(email)s. Sign in with that account to accept it."),
    "LAST_OWNER": _("This is the only owner. Make somebody else an owner first."),
    "SECOND_FACTOR_IS_ON": _("Two-step sign-in is on already."),
    "SECOND_FACTOR_IS_OFF": _("Two-step sign-in is off."),
    "LAST_FACTOR": _("Without it, two-step sign-in is off."),
    "PASSKEY_TAKEN": _("This passkey belongs to an account already."),
    "TOO_MANY_PASSKEYS": _n(
        "You can have %(most)s passkey. Remove one first.", "You can have %(most)s passkeys. Remove one first.", "most"
    ),
    "EMAIL_TAKEN": _("An account with this email already exists."),
    # --- nights and bookings
    "CONFLICT": _("This is not possible in the current state."),
    "ROOM_NOT_AVAILABLE": _("The selected room is no longer available for the requested dates."),
    "ROOM_LOCKED": _("Room is currently being booked"),
    "LINKED_ROOM_HELD": _("Somebody is booking the whole room right now. Try again in a few minutes."),
    "NIGHTS_TAKEN": _("These nights are taken: %(nights)s."),
    "BLOCK_DIFFERS": _("Other nights of this room are blocked under the same uid."),
    "HOLD_OVER": _("The time to pay for this booking has run out."),
    "TOO_MANY_HOLDS": _("You have as many unpaid holds as one guest may have. Pay for one or release it first."),
    "PAYMENT_MODIFIED": _("Something else about this payment has changed in the meantime. Please look again."),
    "NOTHING_OWED": _("Nothing more is owed for this. You haven’t been charged."),
    "NOTHING_DUE": _("Nothing is due for this order."),
    "MORE_THAN_DUE": _("Only %(due)s is due for this order. You can’t enter more than that."),
    "NOT_VOUCHED_FOR": _(
        "This order is neither paid nor guaranteed, so its rooms could still be lost. Guarantee it first:"
        " `flask bookings guarantee`."
    ),
    "PRICE_CHANGED": _("The price has changed. You haven’t been charged."),
    "BOOKING_NOT_CANCELLABLE": _("This booking can no longer be cancelled."),
    "ALREADY_CANCELLED": _("This booking has already been cancelled."),
    "HOLD_RAN_OUT": _("This booking was not paid in time, so there is nothing to cancel."),
    "STAY_HAS_BEGUN": _("This stay has begun. It can no longer be cancelled."),
    "STAY_IS_OVER": _("This stay is over. It can no longer be cancelled."),
    "CANCELLED_DURING_PAYMENT": _("A payment for this booking is already in progress. Please try again in a moment."),
    "CANCELLED_DURING_CHANGE": _("A change of this booking is being paid for. Please try again in a moment."),
    "BOOKING_NOT_CHANGEABLE": _("This booking can no longer be changed."),
    "CHANGE_OF_UNCONFIRMED": _("Only a confirmed booking can be changed."),
    "CHANGE_AFTER_STAY": _("This stay is over. It can no longer be changed."),
    "CHANGE_UNDER_WAY": _("Another change of this booking is being paid for. Please try again in a moment."),
    "ILLEGAL_MOVE": _("This booking is %(status)s: it cannot become %(move)s."),
    "GUARANTEE_OF_PAID": _("This booking is paid: there’s nothing to guarantee."),
    "GUARANTEE_OF_CANCELLED": _("This booking has been cancelled. It can no longer be guaranteed."),
    # --- at the desk
    "CHECK_IN_REFUSED": _("This guest cannot be checked in."),
    "CHECK_IN_OF_UNCONFIRMED": _("Only a confirmed booking can be checked in."),
    "CHECK_IN_TOO_EARLY": _(
        "This stay begins on %(day)s. To let the guest in earlier, change the stay to begin on that day first."
    ),
    "CHECK_IN_AFTER_STAY": _("This stay is over. Its guest can no longer be checked in."),
    "CHECKED_OUT_ALREADY": _("This guest has checked out already."),
    "ROOM_OCCUPIED": _("The guest of %(reference)s is still in this room. Check that booking out first."),
    "CHECK_OUT_REFUSED": _("This guest has not been checked in, so there is nobody to check out."),
    "NO_SHOW_REFUSED": _("This booking cannot be marked as a no-show."),
    "NO_SHOW_TOO_EARLY": _("The guest may still come: a no-show can be marked from %(day)s, %(hour)s on."),
    "NO_SHOW_OF_ARRIVED": _("This guest has checked in, so it is no no-show."),
    "NO_SHOW_OF_UNCONFIRMED": _("Only a confirmed booking can be marked as a no-show."),
    "REGISTER_REFUSED": _("There is no guest register for this booking."),
    "REGISTER_NOT_ASKED": _("No guest register is asked for in the country of this property, so none is kept."),
    "REGISTER_OF_UNCONFIRMED": _("Guests are registered for confirmed bookings only."),
    "NOTE_NOT_FOUND": _("This note does not exist, or somebody else has written it."),
    "NOTE_MODIFIED": _("You have changed this note in another window meanwhile. It is shown as it is now."),
    "EMAIL_NOT_FOUND": _("This email does not exist, or is older than 30 days."),
    "TEXT_NOT_FOUND": _("This text message does not exist, or is older than 30 days."),
    "MESSAGE_REFUSED": _("Nothing can be written about this booking."),
    "INVOICING_REFUSED": _("No invoice can be issued."),
    "NOTHING_TO_INVOICE": _("There is nothing to invoice: all of it is invoiced, or nothing is sold."),
    "INVOICE_CORRECTED_TOO_OFTEN": _(
        "These invoices were corrected %(most)s times. Please ask the property for another correction."
    ),
    "CREDITED_ALREADY": _("Nothing of this invoice is left to credit."),
    "MESSAGE_OF_UNCONFIRMED": _("Messages are for confirmed bookings only."),
    "GUEST_UNREACHABLE": _("No email address is known, and there is no account: nobody would read a message."),
    "CONVERSATION_NOT_FOUND": _("This link does not work, or no longer."),
    "RESEND_REFUSED": _("This email cannot be sent again: what it says is no longer so."),
    "NO_EMAIL_ADDRESS": _("No email address is known, so no email can be sent."),
    "ADDRESS_TAKES_NO_MAIL": _(
        "Emails to %(email)s come back, so none can be sent again. Ask the guest for another address."
    ),
    "STAY_CHANGED_SINCE": _("The stay has been changed since. Send the email about the last change instead."),
    "CANCELLED_SINCE": _("The booking has been cancelled since. Send the email about that instead."),
    "SETTLED_SINCE": _("What this email says of the money is no longer so."),
    "RESENT_TOO_OFTEN": _n(
        "The desk has sent %(most)s email about this booking in the last 24 hours. Try again later.",
        "The desk has sent %(most)s emails about this booking in the last 24 hours. Try again later.",
        "most",
    ),
    "ERASURE_REFUSED": _("The contact of this guest cannot be erased yet."),
    "GUEST_HAS_ACCOUNT": _("This guest has an account. Who they are is erased when the account is deleted."),
    "GUEST_EXPECTED": _("This stay is not over. Cancel it first, or erase the contact after the guest has left."),
    "MONEY_NOT_SETTLED": _("Something is still to be paid or refunded for this order. Settle that first."),
    "CONTACT_ERASED": _("Who stayed is not known any more, so there is no contact to change."),
    "CONTACT_MODIFIED": _(
        "This booking has changed in the meantime. Nothing was saved: compare with what is known now, then save again."
    ),
    "UNDO_REFUSED": _("This can no longer be undone."),
    "NOTHING_TO_UNDO": _("There is nothing to undo."),
    "UNDO_OVER": _("This was more than a minute ago and can no longer be undone."),
    "NIGHTS_SOLD_MEANWHILE": _(
        "This cannot be undone: the nights that were put back on sale have been taken in the meantime."
    ),
    "ROOM_STATUS_MODIFIED": _("Somebody else has changed this room in the meantime. Please look again."),
    "ROOM_STATUS_NOT_UNDOABLE": _("There is nothing to undo, or it was more than a minute ago."),
    "BOOKING_MODIFIED": _("Booking was modified by another process"),
    "IDEMPOTENCY_CONFLICT": _("A request with this Idempotency-Key is still in progress."),
    "IDEMPOTENCY_KEY_REUSED": _("This Idempotency-Key has already been used with a different request."),
    # --- money
    "ENTRY_DIFFERS": _("Another payment of this order has the same reference."),
    "ENTRY_NOT_CORRECTABLE": _(
        "Only a payment or refund that staff entered can be corrected, and only while none of its money has been"
        " refunded. If a refund of it was entered by mistake, correct that one first."
    ),
    "PAYMENT_FAILED": _("The payment was declined. Nothing was charged."),
    "CHANGE_ACTION_REQUIRED": _("Please pay on the payment page. Until then, the booking stays as it is."),
    "PAYMENT_ACTION_REQUIRED": _("Please pay on the payment page. Until then, the rooms are held for you."),
    "PAYMENT_IN_PROGRESS": _("A payment for this booking is already in progress."),
    "PAYMENT_UNKNOWN": _(
        "It is not known yet whether the payment went through. We are settling it; retry with the same Idempotency-Key."
    ),
    "PAYMENT_PAGE_UNAVAILABLE": _("The payment page cannot be opened now. Nothing was charged. Please try again."),
    "REFUND_CHANGED": _("The refund has changed. Nothing was cancelled."),
    "REFUND_NOT_OWED": _("This refund was not declined, or it has been sent again since."),
    "REFUND_AWAITS_STAFF": _("Staff pays this refund out. Enter that it is done with `flask payments returned`."),
    "NOT_A_REFUND": _("This is a payment, not a refund. `flask payments list` shows what is to be refunded."),
    "REFUND_RETURNED": _("This has been refunded already, under another reference."),
    "REFUND_CORRECTED": _("The money of this refund was entered by mistake: there’s nothing to refund."),
    "REFUND_BY_PROVIDER": _(
        "The payment provider sends this refund. Where it was declined, send it again with `flask payments retry`."
    ),
    "CASH_MOVED": _(
        "Cash has moved since this was shown: now %(expected)s is expected. Nothing was closed. Check your"
        " count, then close again."
    ),
    "DRAWER_CLOSED": _("This drawer has been closed since it was shown. Here it is as it is now."),
    # --- photos
    "PHOTO_MODIFIED": _("Somebody else has described one of these photos meanwhile. Nothing was saved: look again."),
    "TOO_MANY_PHOTOS": _n(
        "There can be %(most)s photo here. Delete it first.",
        "There can be %(most)s photos here. Delete one first.",
        "most",
    ),
    "PHOTOS_UNAVAILABLE": _("Photos cannot be stored or shown at the moment. Please try again in a few minutes."),
    # --- us
    "UNAVAILABLE": _("The service is temporarily unavailable. Please try again in a moment."),
    "UNDER_MAINTENANCE": _("Closed for maintenance: %(notice)s"),
    "TOO_BUSY": _("Too many people are signing in right now. Please try again in a moment."),
    # --- the house
    "PROPERTY_MODIFIED": _(
        "Somebody else has changed this property in the meantime. Nothing was saved: choose what counts, then save"
        " again."
    ),
    "ROOM_MODIFIED": _(
        "Somebody else has changed this room in the meantime. Nothing was saved: choose what counts, then save again."
    ),
    "POLICY_IN_USE": _(
        "Rooms (%(rooms)s) or rate plans (%(plans)s) still have this policy. Give them another one first."
    ),
    "RATE_MODIFIED": _(
        "Somebody else has changed or ended this rule in the meantime. Nothing was saved: look at it again first."
    ),
    "PROMOTION_MODIFIED": _(
        "Somebody else has changed or ended this promotion in the meantime. Nothing was saved: look at it again first."
    ),
    "NO_PAYOUT_REPORT": _("This is not the provider’s itemized report as CSV. Its first row lacks: %(missing)s."),
    "BAD_REPORT_LINE": _("Line %(line)s of the file can’t be read. Download the report again, and don’t edit it."),
    "REPORT_OF_OTHER_SIZE": _(
        "The file has no rows, or more than %(most)s. Ask the provider for a report of other days."
    ),
    "NO_RATE_SHEET": _(
        "This is not a CSV of rules: it needs a first row with the columns kind and name, and at most %(most)s rows."
    ),
    "NO_DAY_SHEET": _(
        "This is not a CSV of prices by day: it needs a first row with the columns room, date, and one or more of"
        " price, min_nights, max_nights, closed_to_arrival, closed_to_departure and closed; or it has too many rows."
    ),
    "RATES_MODIFIED": _(
        "Rates have changed in the meantime. Nothing was saved: look at what would happen now, then save again."
    ),
    "ROOM_NOT_READY": _("Guests cannot be offered this room: %(why)s."),
    "PROPERTY_ARCHIVED": _("This property is archived. Publish it again first."),
    "STILL_IN_USE": _n(
        "There is %(stays)s stay ahead, from %(first)s on. Move or cancel it first.",
        "There are %(stays)s stays ahead, from %(first)s on. Move or cancel them first.",
        "stays",
    ),
    # --- files of rooms
    "IMPORT_CHANGED": _("Something has changed since the file was looked at. Nothing was imported: look at it again."),
    "SHEET_APPLIED": _("This file was imported already. It was not imported again."),
    "NO_ROOMS": _("This is not a CSV of rooms. Missing columns: %(missing)s. %(seen)s"),
    "COLUMNS_TWICE": _("These columns are there twice: %(columns)s."),
    "ENTRY_NOT_UNDOABLE": _("This can’t be taken back from the audit log, or is over."),
    "CHANGED_SINCE": _("This has been changed since, or taken back already: look at it as it is now."),
    "TOO_MANY_VIEWS": _("You have %(most)s saved searches already. Delete one first."),
    "VIEW_NAME_TAKEN": _("Another saved search has this name."),
    "NO_RESERVATIONS": _("This is not a CSV of reservations."),
    "OPTIONS_MISSING": _("The file does not say its %(what)s."),
    "PROPERTY_MISFIT": _("The property is there already, and differs."),
}

# What is refused before any verb of ours is asked, by status: a code for programs, and words.
HTTP: dict[int, tuple[str, Template]] = {
    400: ("BAD_REQUEST", _("The request could not be understood.")),
    404: ("NOT_FOUND", _("Not found.")),
    405: ("METHOD_NOT_ALLOWED", _("This method is not allowed here.")),
    413: ("PAYLOAD_TOO_LARGE", _("The body is too large.")),
    415: ("UNSUPPORTED_MEDIA_TYPE", _("Send the body as application/json.")),
    429: ("RATE_LIMIT_EXCEEDED", _("Too many requests. Please try again later.")),
    500: ("INTERNAL_ERROR", _("Something went wrong on our side. Please tell us the request id.")),
}
