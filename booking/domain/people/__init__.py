"""Who somebody is: accounts, passwords, sign-ins, sessions, and what staff may do.

Decides who gets in and for how long, what a password must be, which mailed links are good, what is written into the
security log, and what is erased of an account. Knows nothing of bookings.
"""

from booking.domain.people.account_closing import FAREWELL
from booking.domain.people.account_closing import disable as disable_account
from booking.domain.people.account_closing import disable_mine as disable_own_account
from booking.domain.people.account_closing import enable as enable_account
from booking.domain.people.account_closing import erase as erase_account
from booking.domain.people.account_closing import farewell as find_farewell
from booking.domain.people.account_closing import prune as prune_farewells
from booking.domain.people.account_closing import require_deletion as require_account_deletion
from booking.domain.people.account_closing import told as end_farewell
from booking.domain.people.alert_choice_models import ALERT_KINDS, ALERT_WAYS, FiguresReader
from booking.domain.people.alert_choice_models import AT_ONCE as ALERT_AT_ONCE
from booking.domain.people.alert_choice_models import BACKUPS as ALERT_BACKUPS
from booking.domain.people.alert_choice_models import BOOKINGS as ALERT_BOOKINGS
from booking.domain.people.alert_choice_models import DAILY as ALERT_DAILY
from booking.domain.people.alert_choice_models import EMAILS as ALERT_EMAILS
from booking.domain.people.alert_choice_models import MESSAGES as ALERT_MESSAGES
from booking.domain.people.alert_choice_models import MONEY as ALERT_MONEY
from booking.domain.people.alert_choice_models import SYSTEM as ALERT_SYSTEM
from booking.domain.people.alert_choices import NEEDS as ALERT_NEEDS
from booking.domain.people.alert_choices import AlertReader
from booking.domain.people.alert_choices import choose as choose_alerts
from booking.domain.people.alert_choices import mine as own_alerts
from booking.domain.people.alert_choices import note_told as note_alerts_told
from booking.domain.people.alert_choices import readers as alert_readers
from booking.domain.people.alert_choices import readers_within as alert_readers_within
from booking.domain.people.alert_choices import with_emails as list_alert_readers
from booking.domain.people.audit_log import AuditEntry, Personal
from booking.domain.people.audit_log import entries as audit_entries
from booking.domain.people.audit_log import get as get_audit_entry
from booking.domain.people.audit_log import latest_of as latest_audit
from booking.domain.people.audit_log import of_things as audit_of_things
from booking.domain.people.audit_log import record as audit
from booking.domain.people.audit_search import AuditSearch, FoundEntries
from booking.domain.people.audit_search import find as search_audit_log
from booking.domain.people.email_changes import GOOD_FOR as EMAIL_CHANGE_GOOD_FOR
from booking.domain.people.email_changes import KEPT_FOR as EMAIL_CHANGE_KEPT_FOR
from booking.domain.people.email_changes import SILENT_FOR as EMAIL_CHANGE_SILENT_FOR
from booking.domain.people.email_changes import Change as EmailChange
from booking.domain.people.email_changes import agree as agree_to_email_change
from booking.domain.people.email_changes import confirm as confirm_email_change
from booking.domain.people.email_changes import find as find_email_change
from booking.domain.people.email_changes import finish_silent as finish_email_changes
from booking.domain.people.email_changes import give_up as give_up_email_change
from booking.domain.people.email_changes import pending as pending_email_change
from booking.domain.people.email_changes import prune as prune_email_changes
from booking.domain.people.email_changes import request as request_email_change
from booking.domain.people.email_changes import shown as shown_email_change
from booking.domain.people.email_changes import undo as undo_email_change
from booking.domain.people.email_verification import GOOD_FOR as VERIFICATION_GOOD_FOR
from booking.domain.people.email_verification import Addressee
from booking.domain.people.email_verification import addressee as addressee_of
from booking.domain.people.email_verification import ask_again as ask_verification_again
from booking.domain.people.email_verification import confirm as confirm_email
from booking.domain.people.email_verification import is_verified as is_email_verified
from booking.domain.people.email_verification import notice as verification_notice
from booking.domain.people.email_verification import shown as shown_verification
from booking.domain.people.inputs import (
    Confirmation,
    Credentials,
    Deletion,
    Email,
    EmailChoice,
    ForgottenPassword,
    NewPasskey,
    PasskeyAnswer,
    PasskeyName,
    PasswordChange,
    PasswordChoice,
    PersonName,
    Profile,
    Refresh,
    Registration,
    SecondFactorCode,
)
from booking.domain.people.invitations import GOOD_FOR as INVITATION_GOOD_FOR
from booking.domain.people.invitations import INVITED, InvitationOrder, ShownInvitation
from booking.domain.people.invitations import accept as accept_invitation
from booking.domain.people.invitations import invite as invite_staff
from booking.domain.people.invitations import notice as invitation_notice
from booking.domain.people.invitations import pending as pending_invitations
from booking.domain.people.invitations import shown as shown_invitation
from booking.domain.people.invitations import withdraw as withdraw_invitation
from booking.domain.people.mailed_links import LinkKind
from booking.domain.people.mailed_links import written as written_link
from booking.domain.people.memberships import owners as find_owners
from booking.domain.people.models import User
from booking.domain.people.names import of_accounts as names_of_accounts
from booking.domain.people.names import of_actors as names_of_actors
from booking.domain.people.own_account import change_password
from booking.domain.people.own_account import confirm as confirm_password
from booking.domain.people.own_account import rename as change_name
from booking.domain.people.passkey_ceremonies import Challenge, Site
from booking.domain.people.passkey_ceremonies import site_of as passkey_site
from booking.domain.people.passkey_errors import (
    ChallengeOver,
    LastFactor,
    PasskeyNotFound,
    PasskeyTaken,
    TooManyPasskeys,
    WrongPasskey,
)
from booking.domain.people.passkeys import ADDED as PASSKEY_ADDED
from booking.domain.people.passkeys import REMOVED as PASSKEY_REMOVED
from booking.domain.people.passkeys import Asked, OwnPasskey
from booking.domain.people.passkeys import add as add_passkey
from booking.domain.people.passkeys import ask_anybody as ask_for_any_passkey
from booking.domain.people.passkeys import begin as begin_passkey
from booking.domain.people.passkeys import get as get_own_passkey
from booking.domain.people.passkeys import mine as own_passkeys
from booking.domain.people.passkeys import remove as remove_passkey
from booking.domain.people.passkeys import rename as rename_passkey
from booking.domain.people.password_resets import GOOD_FOR as RESET_GOOD_FOR
from booking.domain.people.password_resets import ResetNotice
from booking.domain.people.password_resets import email_of as email_of_reset
from booking.domain.people.password_resets import notice as reset_notice
from booking.domain.people.password_resets import request as request_password_reset
from booking.domain.people.password_resets import reset as reset_password
from booking.domain.people.password_resets import token as reset_token
from booking.domain.people.passwords import SHORTEST as SHORTEST_PASSWORD
from booking.domain.people.permissions import Action, Reach, may, reach, require
from booking.domain.people.personal_data import Entry as PersonalEntry
from booking.domain.people.personal_data import about as personal_data_of
from booking.domain.people.personal_data import instant as as_utc_text
from booking.domain.people.personal_data import of_account as personal_data_of_account
from booking.domain.people.saved_views import ViewName
from booking.domain.people.saved_views import forget as forget_view
from booking.domain.people.saved_views import mine as own_views
from booking.domain.people.saved_views import rename as rename_view
from booking.domain.people.saved_views import save as save_view
from booking.domain.people.second_factor import APP_ADDED as AUTHENTICATOR_ADDED
from booking.domain.people.second_factor import APP_REMOVED as AUTHENTICATOR_REMOVED
from booking.domain.people.second_factor import CODE_USED as RECOVERY_CODE_USED
from booking.domain.people.second_factor import TURNED_OFF as SECOND_FACTOR_OFF
from booking.domain.people.second_factor import TURNED_ON as SECOND_FACTOR_ON
from booking.domain.people.second_factor import AppSetup, SecondFactor, Ways
from booking.domain.people.second_factor import begin as begin_second_factor
from booking.domain.people.second_factor import mine as own_second_factor
from booking.domain.people.second_factor import remove_app as remove_authenticator
from booking.domain.people.second_factor import renew_codes as renew_recovery_codes
from booking.domain.people.second_factor import reset as reset_second_factor
from booking.domain.people.second_factor import seal_anew as seal_second_factors_anew
from booking.domain.people.second_factor import setup as second_factor_setup
from booking.domain.people.second_factor import turn_off as turn_off_second_factor
from booking.domain.people.second_factor import turn_on as turn_on_second_factor
from booking.domain.people.security_log import BAD as BAD_SECURITY_EVENTS
from booking.domain.people.security_log import SecurityEntry, SecurityEventKind
from booking.domain.people.security_log import note as note_security_event
from booking.domain.people.security_log import prune as prune_security_events
from booking.domain.people.security_log import recent as recent_security_events
from booking.domain.people.security_log import record_now as record_security_event_now
from booking.domain.people.sessions import SessionEnds, SignedIn, sign_out
from booking.domain.people.sessions import current as current_session
from booking.domain.people.sessions import end_mine as end_own_session
from booking.domain.people.sessions import end_others as end_other_sessions
from booking.domain.people.sessions import mine as own_sessions
from booking.domain.people.sessions import refresh as refresh_session
from booking.domain.people.sessions import require_recent as require_recent_sign_in
from booking.domain.people.sessions import start_api as start_api_session
from booking.domain.people.sessions import start_web as start_web_session
from booking.domain.people.sign_in_throttle import SignInGuard
from booking.domain.people.signing_in import Identified, PasswordProved, ask_for_passkey
from booking.domain.people.signing_in import by_passkey as sign_in_by_passkey
from booking.domain.people.signing_in import finish as finish_sign_in
from booking.domain.people.signing_in import finish_by_passkey as finish_sign_in_by_passkey
from booking.domain.people.signing_in import with_password as sign_in
from booking.domain.people.staff import give_role, take_role
from booking.domain.people.staff import set_password as set_password_of
from booking.domain.people.staff_areas import StaffAreas
from booking.domain.people.staff_areas import of as staff_areas_of
from booking.domain.people.team import ROLES, RoleChoice, Team, TeamMember
from booking.domain.people.team import end_access as end_staff_access
from booking.domain.people.team import find as get_team
from booking.domain.people.undeliverable import count as count_undeliverable
from booking.domain.people.undeliverable import forget as forget_undeliverable
from booking.domain.people.undeliverable import is_known as is_undeliverable
from booking.domain.people.undeliverable import note as note_undeliverable
from booking.domain.people.undeliverable import note_bounced, note_delivered
from booking.domain.people.undeliverable import since as undeliverable_since
from booking.domain.people.users import CurrentUser, UnknownAccount, email_key, register
from booking.domain.people.users import addressee as addressee_of_id
from booking.domain.people.users import ensure as ensure_user
from booking.domain.people.users import get_for as get_user
from booking.domain.people.users import lock as lock_account
from booking.domain.people.users import own as get_own_account

__all__ = [
    "ALERT_AT_ONCE",
    "ALERT_BACKUPS",
    "ALERT_BOOKINGS",
    "ALERT_DAILY",
    "ALERT_EMAILS",
    "ALERT_KINDS",
    "ALERT_MESSAGES",
    "ALERT_MONEY",
    "ALERT_NEEDS",
    "ALERT_SYSTEM",
    "ALERT_WAYS",
    "AUTHENTICATOR_ADDED",
    "AUTHENTICATOR_REMOVED",
    "BAD_SECURITY_EVENTS",
    "EMAIL_CHANGE_GOOD_FOR",
    "EMAIL_CHANGE_KEPT_FOR",
    "EMAIL_CHANGE_SILENT_FOR",
    "FAREWELL",
    "INVITATION_GOOD_FOR",
    "INVITED",
    "PASSKEY_ADDED",
    "PASSKEY_REMOVED",
    "RECOVERY_CODE_USED",
    "RESET_GOOD_FOR",
    "ROLES",
    "SECOND_FACTOR_OFF",
    "SECOND_FACTOR_ON",
    "SHORTEST_PASSWORD",
    "VERIFICATION_GOOD_FOR",
    "Action",
    "Addressee",
    "AlertReader",
    "AppSetup",
    "Asked",
    "AuditEntry",
    "AuditSearch",
    "Challenge",
    "ChallengeOver",
    "Confirmation",
    "Credentials",
    "CurrentUser",
    "Deletion",
    "Email",
    "EmailChange",
    "EmailChoice",
    "FiguresReader",
    "ForgottenPassword",
    "FoundEntries",
    "Identified",
    "InvitationOrder",
    "LastFactor",
    "LinkKind",
    "NewPasskey",
    "OwnPasskey",
    "PasskeyAnswer",
    "PasskeyName",
    "PasskeyNotFound",
    "PasskeyTaken",
    "PasswordChange",
    "PasswordChoice",
    "PasswordProved",
    "PersonName",
    "Personal",
    "PersonalEntry",
    "Profile",
    "Reach",
    "Refresh",
    "Registration",
    "ResetNotice",
    "RoleChoice",
    "SecondFactor",
    "SecondFactorCode",
    "SecurityEntry",
    "SecurityEventKind",
    "SessionEnds",
    "ShownInvitation",
    "SignInGuard",
    "SignedIn",
    "Site",
    "StaffAreas",
    "Team",
    "TeamMember",
    "TooManyPasskeys",
    "UnknownAccount",
    "User",
    "ViewName",
    "Ways",
    "WrongPasskey",
    "accept_invitation",
    "add_passkey",
    "addressee_of",
    "addressee_of_id",
    "agree_to_email_change",
    "alert_readers",
    "alert_readers_within",
    "as_utc_text",
    "ask_for_any_passkey",
    "ask_for_passkey",
    "ask_verification_again",
    "audit",
    "audit_entries",
    "audit_of_things",
    "begin_passkey",
    "begin_second_factor",
    "change_name",
    "change_password",
    "choose_alerts",
    "confirm_email",
    "confirm_email_change",
    "confirm_password",
    "count_undeliverable",
    "current_session",
    "disable_account",
    "disable_own_account",
    "email_key",
    "email_of_reset",
    "enable_account",
    "end_farewell",
    "end_other_sessions",
    "end_own_session",
    "end_staff_access",
    "ensure_user",
    "erase_account",
    "find_email_change",
    "find_farewell",
    "find_owners",
    "finish_email_changes",
    "finish_sign_in",
    "finish_sign_in_by_passkey",
    "forget_undeliverable",
    "forget_view",
    "get_audit_entry",
    "get_own_account",
    "get_own_passkey",
    "get_team",
    "get_user",
    "give_role",
    "give_up_email_change",
    "invitation_notice",
    "invite_staff",
    "is_email_verified",
    "is_undeliverable",
    "latest_audit",
    "list_alert_readers",
    "lock_account",
    "may",
    "names_of_accounts",
    "names_of_actors",
    "note_alerts_told",
    "note_bounced",
    "note_delivered",
    "note_security_event",
    "note_undeliverable",
    "own_alerts",
    "own_passkeys",
    "own_second_factor",
    "own_sessions",
    "own_views",
    "passkey_site",
    "pending_email_change",
    "pending_invitations",
    "personal_data_of",
    "personal_data_of_account",
    "prune_email_changes",
    "prune_farewells",
    "prune_security_events",
    "reach",
    "recent_security_events",
    "record_security_event_now",
    "refresh_session",
    "register",
    "remove_authenticator",
    "remove_passkey",
    "rename_passkey",
    "rename_view",
    "renew_recovery_codes",
    "request_email_change",
    "request_password_reset",
    "require",
    "require_account_deletion",
    "require_recent_sign_in",
    "reset_notice",
    "reset_password",
    "reset_second_factor",
    "reset_token",
    "save_view",
    "seal_second_factors_anew",
    "search_audit_log",
    "second_factor_setup",
    "set_password_of",
    "shown_email_change",
    "shown_invitation",
    "shown_verification",
    "sign_in",
    "sign_in_by_passkey",
    "sign_out",
    "staff_areas_of",
    "start_api_session",
    "start_web_session",
    "take_role",
    "turn_off_second_factor",
    "turn_on_second_factor",
    "undeliverable_since",
    "undo_email_change",
    "verification_notice",
    "withdraw_invitation",
    "written_link",
]
