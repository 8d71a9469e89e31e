"""What guests and the house write to each other about a booking, and the emails and text messages that were sent, as
staff sees them; and which guests are texted before they come.

A conversation belongs to its booking. Its guest writes from the account or by the link in their emails; staff of the
property reads and answers. Everybody else finds nothing.
"""

from booking.domain.correspondence.arrivals import Arrival
from booking.domain.correspondence.arrivals import find as find_arrival
from booking.domain.correspondence.arrivals import prune as prune_told_arrivals
from booking.domain.correspondence.arrivals import tell as tell_arrivals
from booking.domain.correspondence.conversation_links import look as look_by_conversation_link
from booking.domain.correspondence.conversation_links import write as write_by_conversation_link
from booking.domain.correspondence.conversation_links import written as written_conversation_link
from booking.domain.correspondence.conversations import Conversation, MessageText, Said
from booking.domain.correspondence.conversations import answer as answer_guest
from booking.domain.correspondence.conversations import find as find_message
from booking.domain.correspondence.conversations import mine as own_conversation
from booking.domain.correspondence.conversations import read as read_conversation
from booking.domain.correspondence.conversations import say as write_message
from booking.domain.correspondence.conversations import settle as settle_messages
from booking.domain.correspondence.conversations import write as write_to_house
from booking.domain.correspondence.errors import (
    ConversationNotFound,
    SentEmailNotFound,
    SentTextNotFound,
    WritingRefused,
)
from booking.domain.correspondence.inbox import MessageSearch, Talk, TalkPage
from booking.domain.correspondence.inbox import find as find_conversations
from booking.domain.correspondence.inbox import to_answer as messages_to_answer
from booking.domain.correspondence.mail_reports import hear as hear_mail_reports
from booking.domain.correspondence.mail_reports import prune as prune_mail_reports
from booking.domain.correspondence.outgoing import EMAIL_STATES, EmailPage, EmailSearch, ListedEmail, ReadEmail
from booking.domain.correspondence.outgoing import find as find_emails
from booking.domain.correspondence.outgoing import get as read_email
from booking.domain.correspondence.outgoing_search import OutgoingSearch
from booking.domain.correspondence.outgoing_texts import TEXT_STATES, ListedText, TextPage, TextSearch
from booking.domain.correspondence.outgoing_texts import again as try_text_again
from booking.domain.correspondence.outgoing_texts import find as find_texts
from booking.domain.correspondence.outgoing_texts import of_order as texts_of_order
from booking.domain.correspondence.text_replies import hear as hear_text_reply

__all__ = [
    "EMAIL_STATES",
    "TEXT_STATES",
    "Arrival",
    "Conversation",
    "ConversationNotFound",
    "EmailPage",
    "EmailSearch",
    "ListedEmail",
    "ListedText",
    "MessageSearch",
    "MessageText",
    "OutgoingSearch",
    "ReadEmail",
    "Said",
    "SentEmailNotFound",
    "SentTextNotFound",
    "Talk",
    "TalkPage",
    "TextPage",
    "TextSearch",
    "WritingRefused",
    "answer_guest",
    "find_arrival",
    "find_conversations",
    "find_emails",
    "find_message",
    "find_texts",
    "hear_mail_reports",
    "hear_text_reply",
    "look_by_conversation_link",
    "messages_to_answer",
    "own_conversation",
    "prune_mail_reports",
    "prune_told_arrivals",
    "read_conversation",
    "read_email",
    "settle_messages",
    "tell_arrivals",
    "texts_of_order",
    "try_text_again",
    "write_by_conversation_link",
    "write_message",
    "write_to_house",
    "written_conversation_link",
]
