"use strict";
(() => {
  const MOST_NOTES = 200;
  const LEFT = 52, RIGHT = 12, TOP = 10, BOTTOM = 34;
  const percent = (value) => (100 * value).toFixed(1) + " %";
  const plain = (value) => String(Number(value.toPrecision(4)));
  const CHARTS = [
    {
      title: "Loss", text: plain, lines: [
        {key: "loss.batch", name: "one batch", css: "s0 faint"},
        {key: "loss.training", name: "training, smoothed", css: "s0"},
        {key: "loss.validation", name: "validation", css: "s1", dots: true}],
    },
    {
      title: "Accuracy", text: percent, lines: [
        {key: "accuracy.training", name: "training, smoothed", css: "s0"},
        {key: "accuracy.validation", name: "validation", css: "s1", dots: true},
        {key: "accuracy.hidden", name: "validation, modalities hidden", css: "s2", dots: true}],
    },
    {title: "Removed by pruning", text: percent, lines: [{key: "removed", name: "share of the budget", css: "s3"}]},
    {title: "Learning rate", text: plain, lines: [{key: "rate", name: "learning rate", css: "s2"}]},
  ];

  const byId = (id) => document.getElementById(id);
  const say = (id, text) => { const at = byId(id); if (at.textContent !== text) at.textContent = text; };
  const element = (name, text) => { const made = document.createElement(name); made.textContent = text; return made; };
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // ---- what the run has told ----

  let header = null;
  let told = 0; // when, by this machine's clock in milliseconds
  let series = {}; // by key: x0, y0, x1, y1, ...
  let slices = [];
  let notes = [];
  let link = "connecting";
  let cursor = null; // the epoch under the pointer

  /** A change says from which point on the old ones are no longer true, and what follows. */
  function take(frame, whole) {
    if (whole) { series = {}; slices = []; notes = []; }
    header = frame.header;
    told = Date.now();
    for (const [key, change] of Object.entries(frame.series)) {
      series[key] = (series[key] || []).slice(0, 2 * change.from).concat(change.points);
    }
    slices = frame.slices || slices;
    notes = notes.concat(frame.notes).slice(-MOST_NOTES);
    refresh(frame.slices || whole, frame.notes.length > 0 || whole);
  }

  // ---- words and tables ----

  function duration(seconds) {
    if (!(seconds >= 0)) return "–";
    const s = Math.round(seconds);
    if (s < 60) return s + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + String(s % 60).padStart(2, "0") + " s";
    return Math.floor(s / 3600) + " h " + String(Math.floor(s / 60) % 60).padStart(2, "0") + " min";
  }

  function status() {
    const ending = header && header.ending;
    if (ending) {
      return ending.done ? ["The run has ended.", "done"] : ["The run has failed: " + ending.message, "failed"];
    }
    return {
      connecting: ["connecting …", ""],
      open: ["running", ""],
      lost: ["The connection is lost; trying again …", "lost"],
    }[link];
  }

  function words() {
    const [text, css] = status();
    say("status", text);
    byId("status").className = css;
    if (!header) return;
    say("title", header.title);
    document.title = header.title;
    const {position, pace, ending} = header;
    const since = ending || link !== "open" ? 0 : (Date.now() - told) / 1000;
    say("stage", position.stage || "preparing");
    say("epoch", position.epochs ? position.epoch + " of " + position.epochs : "–");
    say("batch", position.perEpoch ? position.batch + " of " + position.perEpoch : "–");
    say("left", ending ? "–" : duration(pace.secondsLeft === null ? NaN : Math.max(0, pace.secondsLeft - since)));
    say("elapsed", duration(pace.secondsElapsed + since));
    say("speed", pace.samplesPerSecond === null ? "–" : plain(pace.samplesPerSecond));
  }

  function sliceRows() {
    byId("slicing").hidden = slices.length === 0;
    byId("slices").querySelector("tbody").replaceChildren(...slices.map((slice) => {
      const row = document.createElement("tr");
      const change = 100 * (slice.last - slice.first);
      const points = (change < 0 ? "−" : "+") + Math.abs(change).toFixed(1) + " points";
      const cells = [slice.name, String(slice.samples), percent(slice.last), percent(slice.best), points];
      row.append(...cells.map((text) => element("td", text)));
      return row;
    }));
  }

  function noteRows() {
    byId("log").hidden = notes.length === 0;
    byId("notes").replaceChildren(...notes.map((note) => {
      const item = document.createElement("li");
      item.append(element("time", duration(note.seconds)), element("span", note.text));
      return item;
    }).reverse());
  }

  // ---- charts ----

  /** Round ticks around [min, max], about five of them. */
  function ticks(min, max) {
    const span = max > min ? max - min : Math.abs(max) * 0.2 || 1;
    const power = 10 ** Math.floor(Math.log10(span / 5));
    const step = power * [1, 2, 2.5, 5, 10].find((factor) => span / 5 <= factor * power * (1 + 1e-9));
    const low = Math.floor(min / step + 1e-9), high = Math.max(Math.ceil(max / step - 1e-9), low + 1);
    return Array.from({length: high - low + 1}, (_, i) => (low + i) * step);
  }

  /** The index of the last point at or before x, at least the first one. */
  function pointAt(points, x) {
    let low = 0, high = points.length / 2 - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (points[2 * middle] <= x) low = middle; else high = middle - 1;
    }
    return low;
  }

  function extent(values) {
    let min = Infinity, max = -Infinity;
    for (const value of values) { min = Math.min(min, value); max = Math.max(max, value); }
    return [min, max];
  }

  /** Losses of single batches may lie far out: they do not stretch the axis where smoother lines are there. */
  function yExtent(lines) {
    const calm = lines.filter((line) => !line.css.includes("faint"));
    return extent((calm.length ? calm : lines).flatMap((line) => series[line.key].filter((_, i) => i % 2 === 1)));
  }

  function build(chart) {
    const figure = document.createElement("figure");
    chart.figure = figure;
    chart.legend = document.createElement("p");
    chart.legend.className = "legend";
    chart.svg = svg("svg", {role: "img", height: 220});
    figure.append(element("figcaption", chart.title), chart.legend, chart.svg);
    figure.hidden = true;
    chart.values = chart.lines.map((line) => {
      const span = document.createElement("span"), mark = document.createElement("i"), value = document.createElement("b");
      mark.className = line.css;
      span.append(mark, line.name + " ", value);
      chart.legend.append(span);
      return {span, value};
    });
    const point = (event) => {
      if (!chart.x) return;
      cursor = chart.x.back(event.clientX - chart.svg.getBoundingClientRect().left);
      later();
    };
    chart.svg.addEventListener("pointermove", point);
    chart.svg.addEventListener("pointerdown", point);
    chart.svg.addEventListener("pointerleave", () => { cursor = null; later(); });
    byId("charts").append(figure);
  }

  /** Maps values between two ticks to drawing units. */
  function axis(marks, from, to) {
    const low = marks[0], span = marks[marks.length - 1] - low;
    const at = (value) => from + (value - low) / span * (to - from);
    at.back = (unit) => low + (unit - from) / (to - from) * span;
    return at;
  }

  function draw(chart) {
    const lines = chart.lines.filter((line) => (series[line.key] || []).length > 0);
    chart.figure.hidden = lines.length === 0;
    if (lines.length === 0) return;
    const width = Math.max(200, chart.figure.clientWidth), height = 220;
    const xs = ticks(...extent(lines.flatMap((line) => [series[line.key][0], series[line.key].at(-2)])));
    const ys = ticks(...yExtent(lines));
    const x = axis(xs, LEFT, width - RIGHT), y = axis(ys, height - BOTTOM, TOP);
    chart.x = x;
    chart.svg.setAttribute("viewBox", "0 0 " + width + " " + height);
    const parts = [...grid(chart, xs, ys, x, y, width, height), ...stages(xs, x, height)];
    for (const line of lines) parts.push(...curve(line, x, (value) => Math.min(height - BOTTOM, Math.max(TOP, y(value)))));
    if (cursor !== null) {
      parts.push(svg("line", {class: "cursor", x1: x(cursor), x2: x(cursor), y1: TOP, y2: height - BOTTOM}));
    }
    chart.svg.replaceChildren(...parts);
    legend(chart);
  }

  function grid(chart, xs, ys, x, y, width, height) {
    const parts = [];
    const text = (css, left, top, words) => {
      const made = svg("text", {class: css, x: left, y: top});
      made.textContent = words;
      parts.push(made);
    };
    for (const tick of ys) {
      parts.push(svg("line", {class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick)}));
      text("tick end", LEFT - 6, y(tick) + 4, chart.text(tick));
    }
    for (const tick of xs) text("tick mid", x(tick), height - BOTTOM + 16, plain(tick));
    text("label mid", (LEFT + width - RIGHT) / 2, height - 4, "epochs");
    return parts;
  }

  function stages(xs, x, height) {
    return header.stages.filter((stage) => stage.epochs > xs[0] && stage.epochs < xs.at(-1)).map((stage) => {
      const mark = svg("line", {class: "stage", x1: x(stage.epochs), x2: x(stage.epochs), y1: TOP, y2: height - BOTTOM});
      const title = svg("title", {});
      title.textContent = stage.name;
      mark.append(title);
      return mark;
    });
  }

  function curve(line, x, y) {
    const points = series[line.key], places = [], dots = [];
    for (let i = 0; i < points.length; i += 2) {
      const left = x(points[i]).toFixed(1), top = y(points[i + 1]).toFixed(1);
      places.push(left + "," + top);
      if (line.dots && points.length <= 200) dots.push(svg("circle", {class: "fill " + line.css, cx: left, cy: top, r: 2.5}));
    }
    return [svg("polyline", {class: "line " + line.css, points: places.join(" ")}), ...dots];
  }

  function legend(chart) {
    chart.lines.forEach((line, i) => {
      const points = series[line.key] || [], {span, value} = chart.values[i];
      span.hidden = points.length === 0;
      if (points.length === 0) return;
      const at = cursor === null ? points.length / 2 - 1 : pointAt(points, cursor);
      value.textContent = chart.text(points[2 * at + 1]);
    });
    const words = chart.values.filter((v) => !v.span.hidden).map((v) => v.span.textContent);
    chart.svg.setAttribute("aria-label", chart.title + ": " + words.join(", "));
  }

  // ---- redrawing: once per frame of the screen at most ----

  let waiting = false, slicesMoved = false, notesMoved = false;

  function later() { refresh(false, false); }

  function refresh(moreSlices, moreNotes) {
    slicesMoved ||= Boolean(moreSlices);
    notesMoved ||= moreNotes;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      words();
      if (slicesMoved) sliceRows();
      if (notesMoved) noteRows();
      slicesMoved = notesMoved = false;
      if (header) CHARTS.forEach(draw);
    });
  }

  // ---- the connection ----

  function connect() {
    const source = new EventSource("events");
    source.addEventListener("state", (event) => { link = "open"; take(JSON.parse(event.data), true); });
    source.addEventListener("update", (event) => { link = "open"; take(JSON.parse(event.data), false); });
    source.addEventListener("end", () => { source.close(); link = "open"; later(); });
    source.onopen = () => { link = "open"; later(); };
    source.onerror = () => {
      link = "lost";
      later();
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000); // refused, as with too many watchers
    };
  }

  CHARTS.forEach(build);
  new ResizeObserver(later).observe(byId("charts"));
  setInterval(() => { if (header && !header.ending) words(); }, 1000);
  connect();
})();
