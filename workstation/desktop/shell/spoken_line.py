"""Reading aloud on a key: position, inside market, last refusal, to a screen reader and as text that can be reached.

Last stage of the read walk. The sentence goes out as an accessible announcement and stands in the notice line of the
top bar, where a keyboard finds it when no voice is installed. It sends nothing.
"""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.speech import Voice
from workstation.domain.orders import Origin
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.read_aloud import market_words, position_words, refusal_words


class SpokenLine:
    """Answers the three reading commands of one window. speaker: the widget that announcements come from."""

    def __init__(self, context: DesktopContext, keys: HotkeyFilter, speaker: QWidget) -> None:
        self._context, self._keys, self._speaker = context, keys, speaker
        self.voice: Voice | None = None
        keys.runs["view.read_position"] = self._read_position
        keys.runs["view.read_market"] = self._read_market
        keys.runs["view.read_refusal"] = self._read_refusal

    def speak(self, text: str) -> None:
        """Announce a text at once and leave it in the notice line."""
        self._context.announcer.say("info", text)
        event = QAccessibleAnnouncementEvent(self._speaker, text)
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(event)
        if self.voice is not None:
            store = self._context.settings
            self.voice.enabled = store is not None and store.settings.desktop.speech
            self.voice.say(text)

    def _read_position(self, _origin: Origin) -> None:
        status = self._context.state.status
        down = status is not None and status.venue_state != "UP"
        link = f"The link to the venue is {status.venue_state.lower()}." if down and status is not None else ""
        self.speak(position_words(self._keys.requests.snapshot(), link))

    def _read_market(self, _origin: Origin) -> None:
        self.speak(market_words(self._keys.requests.snapshot()))

    def _read_refusal(self, _origin: Origin) -> None:
        formats = Formats(self._context.bridge.session.instruments)
        self.speak(refusal_words(self._context.state.orders.values(), formats))
