"""The chart's window: gestures in, bars and prices out, and never lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.viewmodels.chart_window import SPAN_DEFAULT, SPAN_MIN, ChartWindow, PaneScale


def window(count: int = 1_000) -> ChartWindow:
    made = ChartWindow()
    made.reset(count)
    return made


def test_a_new_series_opens_at_its_live_end_with_room_on_the_right():
    opened = window()
    assert opened.following
    assert opened.span == SPAN_DEFAULT
    assert opened.stop > opened.count
    assert opened.last_bar_visible


def test_a_new_bar_moves_the_window_only_while_it_follows():
    live = window()
    before = live.first
    assert live.on_bars_appended(1_001) is True
    assert live.first == before + 1
    live.pan(-50)
    held = live.first
    assert live.on_bars_appended(1_002) is False
    assert live.first == held


def test_panning_back_to_the_end_resumes_following():
    panned = window()
    panned.pan(-30)
    assert not panned.following
    panned.pan(30)
    assert panned.following


def test_follow_returns_from_anywhere():
    far = window()
    far.pan(-900)
    far.follow()
    assert far.following
    assert far.last_bar_visible


@given(factor=st.floats(0.2, 5), share=st.floats(0, 1))
def test_zoom_keeps_the_bar_under_the_pointer_there(factor, share):
    zoomed = window(100_000)
    zoomed.pan(-50_000)
    anchor = zoomed.first + share * zoomed.span
    zoomed.zoom(factor, anchor)
    assert (anchor - zoomed.first) / zoomed.span == pytest.approx(share, abs=1e-6)


@given(moves=st.lists(st.tuples(st.sampled_from(["pan", "zoom"]), st.floats(-1e6, 1e6)), max_size=30))
def test_whatever_is_done_some_bars_stay_in_view(moves):
    moved = window(500)
    for kind, amount in moves:
        if kind == "pan":
            moved.pan(amount)
        else:
            moved.zoom(1.0 + abs(amount) / 1e5, moved.first + amount)
    assert SPAN_MIN <= moved.span <= 500 / 0.8
    assert moved.first < 500
    assert moved.stop > 0


def test_zooming_from_the_keyboard_while_following_stays_at_the_end():
    live = window()
    live.zoom_about_end(0.5)
    assert live.following
    assert live.span == SPAN_DEFAULT / 2


def test_a_wider_chart_shows_more_bars_unless_their_number_was_chosen():
    resized = window()
    resized.on_resized(1_500)
    assert resized.span == 200
    assert resized.following
    resized.zoom_about_end(0.5)
    resized.on_resized(3_000)
    assert resized.span == 100
    resized.reset_span()
    assert resized.span == 400


def test_a_price_range_set_by_hand_is_not_fitted_away():
    held = window()
    assert held.fit_price(10, 20)
    assert held.low < 10
    assert held.high > 20
    held.zoom_price(2.0)
    assert held.fit_price(10, 20) is False
    held.auto_price = True
    assert held.fit_price(10, 20) is True


def test_equal_prices_still_get_a_range():
    flat = window()
    flat.fit_price(50, 50)
    assert flat.low < 50 < flat.high
    flat.fit_price(0, 0)
    assert flat.low < 0 < flat.high


@given(price=st.floats(1, 1e5), bar=st.floats(0, 1e6))
def test_pixels_and_data_are_inverse(price, bar):
    scale = PaneScale(first=10.5, span=200, low=100, high=300, width=1_000, height=400)
    assert scale.price(scale.y(price)) == pytest.approx(price)
    assert scale.bar(scale.x(bar)) == pytest.approx(bar)


def test_hairlines_cover_whole_device_pixels():
    scale = PaneScale(first=0, span=10, low=0, high=1, width=100, height=100, ratio=2)
    assert scale.hair == 1.0
    assert scale.pixel(10.7) == 10.5
    assert scale.hairline(10.7) == 11.0
    assert scale.snapped(10.2) == 10.0
    assert scale.snapped(10.3) == 10.5
