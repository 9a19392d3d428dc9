"""The theme: every pair readable, bad files refused by name, switching live."""

from pathlib import Path

import pytest
from PySide6.QtGui import QAction, QColor, QFont, QFontDatabase, QFontMetricsF
from PySide6.QtWidgets import QLabel, QPushButton

from tests.helpers.desktop_rig import DesktopRig
from workstation.commands.registry import CommandRegistry
from workstation.config.resources import resource_path
from workstation.config.settings import DesktopSettings, load_settings
from workstation.desktop.colors import (
    SHAPE_CONTRAST_MIN,
    SHAPE_PAIRS,
    TEXT_CONTRAST_MIN,
    TEXT_PAIRS,
    contrast_ratio,
    failed_pairs,
)
from workstation.desktop.eventloop import Desktop
from workstation.desktop.fonts import FIGURE_FAMILY, UI_FAMILY, load_fonts
from workstation.desktop.icons import icon, icon_names
from workstation.desktop.look import theme_of
from workstation.desktop.panels.settings_panel_store import SettingsStore
from workstation.desktop.stylesheet import qt_stylesheet
from workstation.desktop.theme import (
    THEME_NAMES,
    ColorScheme,
    Density,
    ThemeRefused,
    apply_theme,
    current_theme,
    figure_font,
    load_theme,
    theme_notifier,
    ui_font,
)
from workstation.desktop.theme_shelf import ThemeShelf
from workstation.domain.accounts import Account, Environment
from workstation.domain.errors import NotFound
from workstation.domain.numbers import MONEY_ONE
from workstation.viewmodels.account_marks import mark_of


@pytest.fixture
def dark(qapp):
    apply_theme(qapp, load_theme("dark"))
    yield current_theme()
    apply_theme(qapp, load_theme("dark"))


def account_named(name: str) -> Account:
    return Account(
        account=name, uid=name, venue="SIM", environment=Environment.SIM, currency="USD", initial_cash=MONEY_ONE
    )


def changed_theme(tmp_path: Path, old: str, new: str) -> Path:
    text = resource_path("themes", "dark.toml").read_text("utf-8")
    assert old in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    return file


@pytest.mark.parametrize("scheme", ColorScheme)
@pytest.mark.parametrize("name", THEME_NAMES)
def test_every_pair_of_every_theme_and_scheme_keeps_its_contrast(name, scheme):
    colors = load_theme(name, scheme=scheme).colors
    assert failed_pairs(colors) == []
    for pairs, minimum in ((TEXT_PAIRS, TEXT_CONTRAST_MIN), (SHAPE_PAIRS, SHAPE_CONTRAST_MIN)):
        for ink, ground in pairs:
            assert contrast_ratio(getattr(colors, ink), getattr(colors, ground)) >= minimum, (ink, ground)


def test_high_contrast_text_is_at_least_seven_to_one():
    colors = load_theme("high_contrast").colors
    for ink, ground in TEXT_PAIRS:
        assert contrast_ratio(getattr(colors, ink), getattr(colors, ground)) >= 7.0, (ink, ground)


def test_contrast_runs_from_one_to_twenty_one():
    assert contrast_ratio(QColor("black"), QColor("white")) == pytest.approx(21.0)
    assert contrast_ratio(QColor("#777777"), QColor("#777777")) == pytest.approx(1.0)


def test_environments_and_link_groups_have_colours_of_their_own():
    for name in THEME_NAMES:
        theme = load_theme(name)
        assert len({theme.environment_color(environment).name() for environment in ("sim", "live", "replay")}) == 3
        assert len({theme.link_color(group).name() for group in "abcdefgh"}) == 8


def test_red_up_swaps_both_pairs_and_the_colour_blind_set_has_no_green():
    green_up = load_theme("dark").colors
    red_up = load_theme("dark", scheme=ColorScheme.RED_UP).colors
    assert (red_up.rise, red_up.fall, red_up.buy, red_up.on_sell) == (
        green_up.fall,
        green_up.rise,
        green_up.sell,
        green_up.on_buy,
    )
    safe = load_theme("dark", scheme=ColorScheme.COLOR_BLIND).colors
    assert safe.rise.blueF() > safe.rise.greenF()
    assert safe.fall.redF() > safe.fall.blueF()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('text_muted = "#98a5b6"\n', "", "lacks the colour role 'text_muted'"),
        ('text_muted = "#98a5b6"', 'text_muted = "greyish"', "text_muted = 'greyish'"),
        ('text_muted = "#98a5b6"', 'text_muted = "#2a3038"', "text_muted on surface"),
        ('text_muted = "#98a5b6"', 'text_mutd = "#98a5b6"', "unknown colour role 'text_mutd'"),
        ('live = "#ff8a3d"', 'live = "#0a0d12"', "live on"),
        ('live = "#ff8a3d"', 'live = "#43a9bb"', "sim and live cannot be told apart"),
        ('account_2 = "#8ecae6"', 'account_2 = "#1a202a"', "account_2 on surface"),
        ("row = 22", "row = 2200", "metrics.row"),
        ("row = 22", 'row = "22"', "metrics.row"),
        ("body = 12\n", "", "type.body"),
        ("[metrics]", "[metrix]", r"\[metrics\]"),
        ("[colors]", "[colors", "not valid TOML"),
    ],
)
def test_a_bad_user_theme_is_refused_and_the_fault_named(tmp_path, old, new, named):
    with pytest.raises(ThemeRefused, match=named):
        load_theme(changed_theme(tmp_path, old, new))


def test_an_unknown_theme_and_a_text_scale_out_of_range_are_refused():
    with pytest.raises(NotFound, match="sepia"):
        load_theme("sepia")
    with pytest.raises(ThemeRefused, match="text scale"):
        load_theme("dark", text_scale=3.0)


def test_larger_text_comes_with_higher_rows():
    theme = load_theme("dark", text_scale=1.5)
    assert theme.type.body == 18
    assert theme.metrics.row == 33


def test_a_wider_density_moves_rows_apart_and_leaves_the_text():
    compact, relaxed = load_theme("dark"), load_theme("dark", density=Density.RELAXED)
    assert relaxed.type == compact.type
    assert (compact.metrics.row_compact, relaxed.metrics.row_compact) == (19, 26)


def test_the_settings_choose_colours_density_and_size():
    plain = theme_of(DesktopSettings())
    made = theme_of(DesktopSettings(theme="light", rising="red", density="normal", text_scale=1.2))
    assert plain == load_theme("dark")
    assert made == load_theme("light", scheme=ColorScheme.RED_UP, density=Density.NORMAL, text_scale=1.2)
    assert theme_of(DesktopSettings(rising="blue")).colors.rise == QColor("#4da3ff")
    assert theme_of(DesktopSettings(rising="orange")).colors.fall == QColor("#4da3ff")


def test_a_setting_of_the_look_acts_at_once_and_the_menu_keeps_it(qtbot, qapp, dark, tmp_path):
    rig, file = DesktopRig(), tmp_path / "config.toml"
    store = SettingsStore(file, load_settings(file))
    desktop = Desktop(
        rig.session, rig.gateway, CommandRegistry(), layouts=tmp_path / "layouts", look=dark, frame_hz=30,
        disarm_after_s=600, settings=store,
    )  # fmt: skip
    qtbot.addWidget(desktop.workspace.window)
    assert store.set("desktop.density", "relaxed") == ""
    assert current_theme() == load_theme("dark", density=Density.RELAXED)
    desktop.workspace.themes.show_theme("light")
    assert current_theme() == load_theme("light", density=Density.RELAXED)
    assert load_settings(file).desktop.theme == "light"
    desktop.stop()
    rig.stop()


@pytest.fixture
def desktop(qtbot, qapp, dark, tmp_path):
    rig, file, folder = DesktopRig(), tmp_path / "config.toml", tmp_path / "themes"
    desktop = Desktop(
        rig.session, rig.gateway, CommandRegistry(), layouts=tmp_path / "layouts", look=dark, frame_hz=30,
        disarm_after_s=600, settings=SettingsStore(file, load_settings(file)), themes=ThemeShelf(folder),
    )  # fmt: skip
    qtbot.addWidget(desktop.workspace.window)
    yield desktop
    desktop.stop()
    rig.stop()


@pytest.fixture
def spoken(desktop):
    said = []
    desktop.context.announcer.spoken.connect(lambda _level, text, _id: said.append(text))
    return said


def test_a_theme_of_ones_own_is_copied_edited_and_chosen_live_from_the_menu(desktop, tmp_path):
    menu = desktop.workspace.themes
    next(action for action in menu.actions() if action.objectName() == "screen.theme_copy").trigger()
    file = tmp_path / "themes" / "my_dark.toml"
    file.write_text(file.read_text("utf-8").replace('accent = "#5aa2ff"', 'accent = "#66b3ff"'), "utf-8")
    menu.aboutToShow.emit()
    menu.findChild(QAction, "theme_my_dark").trigger()
    assert (current_theme().name, current_theme().colors.accent) == ("my_dark", QColor("#66b3ff"))
    assert load_settings(tmp_path / "config.toml").desktop.theme == "my_dark"
    menu.copy_theme()
    assert sorted(found.name for found in file.parent.iterdir()) == ["my_dark.toml", "my_dark1.toml"]


@pytest.mark.parametrize("door", ["menu", "setting"])
def test_an_own_theme_that_hides_an_environment_is_refused_with_the_pair_and_nothing_changes(
    desktop, spoken, tmp_path, door
):
    folder = tmp_path / "themes"
    folder.mkdir()
    changed_theme(folder, 'live = "#ff8a3d"', 'live = "#43a9bb"')
    if door == "menu":
        desktop.workspace.themes.show_theme("mine")
        said = spoken[-1]
    else:
        said = desktop.context.settings.set("desktop.theme", '"mine"')
    assert "sim and live cannot be told apart" in said
    assert current_theme().name == "dark"
    assert not (tmp_path / "config.toml").exists()


@pytest.mark.parametrize(("name", "why"), [("gone", "gone"), ("mine", "text_muted on surface")])
def test_a_start_with_a_theme_that_is_missing_or_refused_takes_the_default_and_says_so(tmp_path, name, why):
    changed_theme(tmp_path, 'text_muted = "#98a5b6"', 'text_muted = "#2a3038"')
    theme, words = ThemeShelf(tmp_path).at_start(DesktopSettings(theme=name, rising="red"))
    assert theme == load_theme("dark", scheme=ColorScheme.RED_UP)
    assert why in words
    assert words.endswith("The theme dark takes its place.")


def test_a_theme_file_that_goes_while_it_is_shown_falls_back_with_a_notice(desktop, spoken, tmp_path):
    desktop.workspace.themes.copy_theme()
    desktop.workspace.themes.show_theme("my_dark")
    (tmp_path / "themes" / "my_dark.toml").unlink()
    assert desktop.context.settings.set("desktop.density", "relaxed") == ""
    assert current_theme() == load_theme("dark", density=Density.RELAXED)
    assert spoken[-1].endswith("The theme dark takes its place.")


def test_text_and_density_follow_the_window_from_screen_to_screen(desktop, tmp_path):
    store = desktop.context.settings
    assert store.set("desktop.screens", '["Laptop: 1.2 relaxed", "Wall A: 1.5", "DP-1: normal"]') == ""
    desktop.start(beat=lambda: None, settled=lambda: None, worst_stall_ms=lambda: 0.0)
    assert current_theme() == load_theme("dark")
    handle = desktop.workspace.window.windowHandle()
    for name, scale, density in (
        ("Laptop", 1.2, Density.RELAXED),
        ("Wall A", 1.5, Density.COMPACT),
        ("DP-1", 1.0, Density.NORMAL),
        ("another", 1.0, Density.COMPACT),
    ):
        desktop.context.themes.screen = lambda name=name: name
        handle.screenChanged.emit(handle.screen())
        assert current_theme() == load_theme("dark", text_scale=scale, density=density)


@pytest.mark.parametrize("entry", ["DP-1", "DP-1: 3", "DP-1: huge", "DP-1: 1.2 relaxed more"])
def test_what_is_no_look_of_a_screen_is_refused(desktop, entry):
    assert "desktop.screens" in desktop.context.settings.set("desktop.screens", f'["{entry}"]')


def test_each_account_has_a_colour_that_frames_the_trade_focus(desktop):
    accounts = [account_named(name) for name in ("A", "B", "C", "D", "E", "F", "G")]
    marks = [mark_of(accounts, account.account) for account in accounts]
    assert marks[0] == marks[6] == "account_1"
    assert len(set(marks)) == 6
    assert mark_of(accounts, "gone") == ""
    for name in THEME_NAMES:
        colors = load_theme(name).colors
        assert len({getattr(colors, mark).name() for mark in marks}) == 6
    bar = desktop.workspace.window.top_bar
    color = current_theme().colors.account_1.name()
    assert f"border-left: 4px solid {color}" in bar.focus.styleSheet()
    assert f"border-left: 4px solid {color}" in bar.account.styleSheet()
    icon = bar.account_menu().actions()[0].icon()
    assert icon.pixmap(12, 12).toImage().pixelColor(6, 6).name() == color


@pytest.mark.parametrize("name", THEME_NAMES)
def test_the_style_sheet_has_no_placeholder_left(name):
    sheet = qt_stylesheet(load_theme(name))
    assert "$" not in sheet
    assert "QPushButton" in sheet


@pytest.mark.parametrize("name", THEME_NAMES)
def test_every_file_the_style_sheet_names_exists(name):
    sheet = qt_stylesheet(load_theme(name))
    files = {part.split('"')[1] for part in sheet.split("url(")[1:]}
    assert files
    assert all(Path(file).is_file() for file in files)


def test_switching_is_live_and_announced(qtbot, qapp, dark):
    label = QLabel("text")
    qtbot.addWidget(label)
    with qtbot.waitSignal(theme_notifier().changed) as announced:
        apply_theme(qapp, load_theme("light"))
    assert announced.args[0] is current_theme()
    assert current_theme().name == "light"
    assert qapp.palette().window().color() == current_theme().colors.surface
    assert label.palette().windowText().color() == current_theme().colors.text


def test_buttons_show_their_role(qtbot, dark):
    for role in ("buy", "sell", "danger"):
        button = QPushButton(role)
        button.setProperty("role", role)
        button.resize(120, 26)
        qtbot.addWidget(button)
        ground = button.grab().toImage().pixelColor(8, 13)
        assert ground.name() == getattr(dark.colors, role).name()


def test_both_typefaces_are_shipped_with_four_weights(qapp):
    assert {UI_FAMILY, FIGURE_FAMILY} <= set(load_fonts())
    for family in (UI_FAMILY, FIGURE_FAMILY):
        assert {"Regular", "Medium", "Bold"} <= set(QFontDatabase.styles(family))


def test_figures_are_tabular_in_both_typefaces(dark):
    for font in (ui_font("body"), figure_font("body"), figure_font("display", QFont.Weight.Bold)):
        metrics = QFontMetricsF(font)
        widths = {round(metrics.horizontalAdvance(digit * 10), 3) for digit in "0123456789"}
        assert len(widths) == 1


def test_font_roles_follow_the_type_scale(dark):
    assert ui_font("title").pixelSize() == dark.type.title
    assert figure_font("caption").pixelSize() == dark.type.caption


@pytest.mark.parametrize("name", sorted(icon_names()))
def test_every_icon_draws_something_and_nothing_at_the_edge(name, dark):
    image = icon(name).pixmap(32, 32).toImage()
    inked = [(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() > 40]
    assert len(inked) > 20
    assert name == "app" or all(0 < x < 31 and 0 < y < 31 for x, y in inked)


def test_an_icon_handed_out_once_follows_the_theme(qapp, dark):
    handed_out = icon("add")
    before = handed_out.pixmap(16, 16).toImage()
    apply_theme(qapp, load_theme("light"))
    after = handed_out.pixmap(16, 16).toImage()
    assert before.pixelColor(8, 8).lightness() > 128 > after.pixelColor(8, 8).lightness()


def test_an_unknown_icon_is_refused_by_name(dark):
    with pytest.raises(NotFound, match="no_such"):
        icon("no_such")
