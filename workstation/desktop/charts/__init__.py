"""Charts: one widget, `ChartView`, fed with arrays. The only place that knows pyqtgraph; it knows no feed or panel."""

from workstation.desktop.charts.view import ChartView

__all__ = ["ChartView"]
