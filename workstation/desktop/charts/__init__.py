"""Charts: one widget, `ChartView`, fed with arrays. It knows no feed or panel."""

from workstation.desktop.charts.view import ChartView

__all__ = ["ChartView"]
