"use strict";
// The charts of a report under the pointer: what a place says, and zoom by a drag or Ctrl and the wheel; columns sort by
// a click.
// Without this script the page is complete.

const LEFT = 10, RIGHT = 1108, TOP = 8, BOTTOM = 24;
const DAY = 86400000;

function nearest(points, x) {
  // Index of the point whose x is nearest; points: [[x, y], ...] by x.
  let low = 0, high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < x) low = middle; else high = middle;
  }
  return Math.abs(points[low][0] - x) <= Math.abs(points[high][0] - x) ? low : high;
}

function extent(points, from, to) {
  // Lowest and highest y of the points from one x to another; null where there is none.
  let found = null;
  for (const [x, y] of points) {
    if (x < from || x > to) continue;
    found = found === null ? [y, y] : [Math.min(found[0], y), Math.max(found[1], y)];
  }
  return found;
}

function zoomed(view, at, factor) {
  // The part [from, to] of the plane after a zoom about x; never beyond LEFT to RIGHT.
  const span = Math.min(Math.max((view[1] - view[0]) * factor, 0.05), RIGHT - LEFT);
  const share = (at - view[0]) / (view[1] - view[0]);
  const from = Math.min(Math.max(at - share * span, LEFT), RIGHT - span);
  return [from, from + span];
}

function timeText(ms, span) {
  const text = new Date(ms).toISOString();
  return span < 2 * 60000 ? text.slice(11, 23) : span < 3 * DAY ? text.slice(5, 16).replace("T", " ") : text.slice(0, 10);
}

function valueText(value, unit, span) {
  if (unit === "fraction") return (value * 100).toFixed(span > 0.01 ? 1 : 3) + " %";
  const digits = Math.max(0, Math.min(8, 2 - Math.floor(Math.log10(span || 1))));
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function sorted(rows, key, rising) {
  // Rows by the text of a cell: as numbers where both are, else as text.
  const number = (text) => Number(text.replace(/,/g, ""));
  return rows.slice().sort((a, b) => {
    const x = number(key(a)), y = number(key(b));
    const order = Number.isNaN(x) || Number.isNaN(y) ? key(a).localeCompare(key(b)) : x - y;
    return rising ? order : -order;
  });
}

function pathPoints(path) {
  return Array.from(path.getAttribute("d").matchAll(/([\d.-]+)[ ]([\d.-]+)/g), (m) => [Number(m[1]), Number(m[2])]);
}

function trackPoints(line) {
  return line.getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number));
}

class Chart {
  constructor(svg) {
    this.svg = svg;
    this.height = svg.viewBox.baseVal.height;
    this.first = Number(svg.dataset.first) / 1e6;
    this.last = Number(svg.dataset.last) / 1e6;
    this.low = Number(svg.dataset.low);
    this.high = Number(svg.dataset.high);
    const track = svg.querySelector(".track"), wicks = svg.querySelector(".wicks");
    this.track = track ? trackPoints(track) : null;
    this.points = this.track || (wicks ? pathPoints(wicks) : []);
    this.plot = svg.querySelector(".plot");
    this.marks = Array.from(svg.querySelectorAll(".mark"), (mark) => {
      const at = mark.getAttribute("transform").match(/[\d.-]+/g).map(Number);
      return { mark, x: at[0], y: at[1] };
    });
    this.whole = [TOP, this.height - BOTTOM];
    this.labels = { rows: svg.querySelector(".rows").innerHTML, columns: svg.querySelector(".columns").innerHTML };
    this.view = [LEFT, RIGHT];
    this.hair = this.element("line", { class: "hair", y1: TOP, y2: this.height - BOTTOM, visibility: "hidden" });
    this.said = this.element("text", { class: "said", x: LEFT + 4, y: TOP + 14 });
    const tall = this.height - BOTTOM - TOP;
    this.band = this.element("rect", { class: "band", y: TOP, height: tall, visibility: "hidden" });
    svg.append(this.band, this.hair, this.said);
  }

  element(name, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  timeAt(x) { return this.first + (x - LEFT) / (RIGHT - LEFT) * (this.last - this.first); }

  valueAt(y) { return this.high - (y - TOP) / (this.height - BOTTOM - TOP) * (this.high - this.low); }

  show(view) {
    this.view = view;
    const whole = view[0] <= LEFT && view[1] >= RIGHT, found = extent(this.points, view[0], view[1]);
    let rows = this.whole;
    if (!whole && found) {
      const air = Math.max((found[1] - found[0]) * 0.06, 0.05);
      rows = [found[0] - air, found[1] + air];
    }
    const sx = (RIGHT - LEFT) / (view[1] - view[0]), sy = (this.whole[1] - this.whole[0]) / (rows[1] - rows[0]);
    const tx = LEFT - view[0] * sx, ty = TOP - rows[0] * sy;
    this.plot.setAttribute("transform", `matrix(${sx} 0 0 ${sy} ${tx} ${ty})`);
    for (const { mark, x, y } of this.marks) {
      mark.setAttribute("transform", `translate(${x * sx + tx} ${y * sy + ty})`);
    }
    if (whole) {
      this.svg.querySelector(".rows").innerHTML = this.labels.rows;
      this.svg.querySelector(".columns").innerHTML = this.labels.columns;
    } else {
      this.label(rows, view);
    }
  }

  label(rows, view) {
    const lines = this.svg.querySelector(".rows"), columns = this.svg.querySelector(".columns");
    const span = this.valueAt(rows[0]) - this.valueAt(rows[1]);
    const time = this.timeAt(view[1]) - this.timeAt(view[0]);
    lines.replaceChildren();
    columns.replaceChildren();
    for (let at = 1; at < 6; at++) {
      const y = this.whole[0] + (this.whole[1] - this.whole[0]) * at / 6;
      lines.append(this.element("line", { x1: LEFT, x2: RIGHT, y1: y, y2: y }));
      const text = this.element("text", { x: RIGHT + 6, y: y + 4, "font-size": 12 });
      text.textContent = valueText(this.valueAt(rows[0] + (rows[1] - rows[0]) * at / 6), this.svg.dataset.unit, span);
      lines.append(text);
    }
    for (let at = 1; at < 8; at++) {
      const x = LEFT + (RIGHT - LEFT) * at / 8;
      const text = this.element("text", { x, y: this.height - 6, "font-size": 12, "text-anchor": "middle" });
      text.textContent = timeText(this.timeAt(view[0] + (view[1] - view[0]) * at / 8), time);
      columns.append(text);
    }
  }

  place(event) {
    // Place of the pointer in the plane, and in the picture.
    const box = this.svg.getBoundingClientRect();
    const x = Math.min(Math.max((event.clientX - box.left) / box.width * 1200, LEFT), RIGHT);
    return [this.view[0] + (x - LEFT) / (RIGHT - LEFT) * (this.view[1] - this.view[0]), x];
  }

  point(event, begun) {
    const [at, x] = this.place(event);
    this.band.setAttribute("visibility", begun ? "visible" : "hidden");
    if (begun) {
      this.band.setAttribute("x", Math.min(x, begun[1]));
      this.band.setAttribute("width", Math.abs(x - begun[1]));
    }
    this.hair.setAttribute("x1", x);
    this.hair.setAttribute("x2", x);
    this.hair.setAttribute("visibility", "visible");
    const time = new Date(this.timeAt(at)).toISOString().slice(0, 19).replace("T", " ");
    const value = this.track && this.track.length ? this.valueAt(this.track[nearest(this.track, at)][1]) : null;
    this.said.textContent = value === null ? time : `${time}   ${valueText(value, this.svg.dataset.unit, 10)}`;
  }

  leave() {
    this.band.setAttribute("visibility", "hidden");
    this.hair.setAttribute("visibility", "hidden");
    this.said.textContent = "";
  }
}

function dragged(from, to) {
  // The part of the plane between two places; null where they are too near for a drag.
  return Math.abs(to - from) < (RIGHT - LEFT) / 100000 ? null : [Math.min(from, to), Math.max(from, to)];
}

function follow(charts) {
  // All charts of a page share one span of time, and so one zoom.
  const all = (view) => charts.forEach((chart) => chart.show(view));
  for (const chart of charts) {
    let begun = null;
    chart.svg.addEventListener("pointerdown", (event) => {
      begun = chart.place(event);
      chart.svg.setPointerCapture(event.pointerId);
    });
    chart.svg.addEventListener("pointermove", (event) => chart.point(event, begun));
    chart.svg.addEventListener("pointerup", (event) => {
      const ended = chart.place(event), view = begun && Math.abs(ended[1] - begun[1]) > 6 ? dragged(begun[0], ended[0]) : null;
      begun = null;
      chart.leave();
      if (view) all(view);
    });
    chart.svg.addEventListener("pointerleave", () => { if (!begun) chart.leave(); });
    chart.svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      all(zoomed(chart.view, chart.place(event)[0], event.deltaY > 0 ? 1.25 : 0.8));
    }, { passive: false });
    chart.svg.addEventListener("dblclick", () => all([LEFT, RIGHT]));
  }
}

function sortable(table) {
  const body = table.tBodies[0];
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    let rising = false;
    head.addEventListener("click", () => {
      rising = !rising;
      body.append(...sorted(Array.from(body.rows), (row) => row.cells[column].textContent, rising));
    });
  });
}

if (typeof document !== "undefined") {
  follow(Array.from(document.querySelectorAll("svg.chart[data-first]"), (svg) => new Chart(svg)));
  document.querySelectorAll("table.sortable").forEach(sortable);
}
