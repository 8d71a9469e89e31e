"""What guests and the house write to each other about a booking, and what of it staff sees and does.

A conversation belongs to its booking. Its guest writes from the account or by the link in their emails; staff of the
property reads and answers. Everybody else finds nothing.
"""

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
from booking.domain.correspondence.errors import ConversationNotFound, WritingRefused
from booking.domain.correspondence.inbox import MessageSearch, Talk, TalkPage
from booking.domain.correspondence.inbox import find as find_conversations
from booking.domain.correspondence.inbox import to_answer as messages_to_answer

__all__ = [
    "Conversation",
    "ConversationNotFound",
    "MessageSearch",
    "MessageText",
    "Said",
    "Talk",
    "TalkPage",
    "WritingRefused",
    "answer_guest",
    "find_conversations",
    "find_message",
    "look_by_conversation_link",
    "messages_to_answer",
    "own_conversation",
    "read_conversation",
    "settle_messages",
    "write_by_conversation_link",
    "write_message",
    "write_to_house",
    "written_conversation_link",
]
