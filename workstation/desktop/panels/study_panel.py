"""What panels of studies share: the form in its scroll, the code that it offers, and how a study is begun.

Base of the backtests and sweeps panels, beside both walks.
"""

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.strategies import CodeName
from workstation.desktop.panels.asking_panel import AskingPanel, Question
from workstation.desktop.panels.study_form import StudyForm
from workstation.domain.errors import ValidationError
from workstation.strategies.describing import CodeShape
from workstation.viewmodels.panel_notes import PanelNote

FORM_HEIGHT_PX = 120
PREPARING = "Reading code and data…"

Form = TypeVar("Form", bound=StudyForm)


class _FormScroll(QScrollArea):
    """Asks for all the height of its form, where Qt would stop at some lines; it scrolls where there is less."""

    def __init__(self, form: QWidget) -> None:
        super().__init__()
        self._form = form
        self.setWidget(form)

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return the width that Qt would ask for, and the form's height."""
        return QSize(super().sizeHint().width(), self._form.sizeHint().height())


class StudyPanel(AskingPanel, Generic[Form]):
    """A panel that begins studies. begins: the command; form: what it is asked with, made by `_scrolled`."""

    begins: ClassVar[str]
    form: Form
    is_preparing = False
    """Whether a study was asked for and has not begun yet: its code and its data are read."""

    def _scrolled(self, form: Form) -> QWidget:
        """Take a form, and return it in its scroll."""
        self.form = form
        form.code_chosen.connect(self._on_code_chosen)
        scrolled = _FormScroll(form)
        scrolled.setObjectName(f"{self.panel_id}_scroll")
        scrolled.setWidgetResizable(True)
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setMinimumHeight(FORM_HEIGHT_PX)
        return scrolled

    def _code_question(self) -> list[Question]:
        """Return the question for the code there is, while it is not known."""
        return [] if self.form.code.count() else [("strategy.codes", NoParams(), self._on_codes)]

    def _on_codes(self, result: CommandResult) -> None:
        if result.ok and not self.form.code.count():
            self.form.code.addItems(list(result.data))

    def _on_code_chosen(self, entry_point: str) -> None:
        if entry_point:
            self._send("strategy.code", CodeName(entry_point=entry_point), "code", self._on_shape)

    def _on_shape(self, result: CommandResult) -> None:
        if result.ok and isinstance(result.data, CodeShape) and result.data.entry_point == self.form.code.currentText():
            self.form.show_shape(result.data)

    def _begin(self) -> None:
        try:
            wish = self.form.wish()
        except ValidationError as error:
            self.refuse(str(error))
            return
        self.is_preparing = True
        self.act(self.begins, wish, "begin", self._on_begun)
        self.show_state()

    def _on_begun(self, result: CommandResult) -> None:
        self.is_preparing = False
        self._on_done(result)

    def trouble(self) -> PanelNote:
        """Say that a study is about to begin, else how far the running one is."""
        return PanelNote("info", PREPARING) if self.is_preparing else self.progress()

    @abstractmethod
    def progress(self) -> PanelNote:
        """Say how far the running study is, nothing where none runs."""
