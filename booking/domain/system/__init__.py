"""The house as a whole: whether it is closed for maintenance, what is wrong in it and who is told,
and what its guests ask about their own data.

It may use every other subject; only doors import it.
"""

from booking.domain.system.alert_news import NEWS as ALERT_NEWS
from booking.domain.system.alert_news import BookingLine, booking_lines
from booking.domain.system.alert_news import tell as tell_news
from booking.domain.system.alerts import CLOSED as ALERT_CLOSED
from booking.domain.system.alerts import OPENED as ALERT_OPENED
from booking.domain.system.alerts import REMINDED as ALERT_REMINDED
from booking.domain.system.alerts import ShownAlert, is_attended
from booking.domain.system.alerts import for_actor as list_alerts
from booking.domain.system.alerts import is_open as is_alert_open
from booking.domain.system.alerts import look as look_for_alerts
from booking.domain.system.alerts import prune as prune_alerts
from booking.domain.system.causes import seconds_late
from booking.domain.system.data_requests import DataRequestOrder, ShownRequest
from booking.domain.system.data_requests import erase as erase_guest
from booking.domain.system.data_requests import export as export_guest
from booking.domain.system.data_requests import listed as list_data_requests
from booking.domain.system.data_requests import record as record_data_request
from booking.domain.system.data_requests import settle as settle_data_request
from booking.domain.system.errors import UnderMaintenance
from booking.domain.system.inputs import MaintenanceOrder
from booking.domain.system.maintenance_mode import Maintenance, is_closed
from booking.domain.system.maintenance_mode import begin as begin_maintenance
from booking.domain.system.maintenance_mode import end as end_maintenance
from booking.domain.system.maintenance_mode import get as get_maintenance
from booking.domain.system.maintenance_mode import now as current_maintenance
from booking.domain.system.maintenance_mode import refuse as refuse_under_maintenance
from booking.domain.system.noted import BACKUPS as NOTED_BACKUPS
from booking.domain.system.noted import DOCTOR as NOTED_DOCTOR
from booking.domain.system.noted import DRILL as NOTED_DRILL
from booking.domain.system.noted import Noted
from booking.domain.system.noted import note as note_facts
from booking.domain.system.status import SystemStatus
from booking.domain.system.status import get as get_status

__all__ = [
    "ALERT_CLOSED",
    "ALERT_NEWS",
    "ALERT_OPENED",
    "ALERT_REMINDED",
    "NOTED_BACKUPS",
    "NOTED_DOCTOR",
    "NOTED_DRILL",
    "BookingLine",
    "DataRequestOrder",
    "Maintenance",
    "MaintenanceOrder",
    "Noted",
    "ShownAlert",
    "ShownRequest",
    "SystemStatus",
    "UnderMaintenance",
    "begin_maintenance",
    "booking_lines",
    "current_maintenance",
    "end_maintenance",
    "erase_guest",
    "export_guest",
    "get_maintenance",
    "get_status",
    "is_alert_open",
    "is_attended",
    "is_closed",
    "list_alerts",
    "list_data_requests",
    "look_for_alerts",
    "note_facts",
    "prune_alerts",
    "record_data_request",
    "refuse_under_maintenance",
    "seconds_late",
    "settle_data_request",
    "tell_news",
]
