// Curves and bars with Chart.js, in the colours of the page. They are redrawn when the colours change.
"use strict";

const ON_LIGHT = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8f98"];  // Okabe & Ito
const ON_DARK = ["#56b4e9", "#f0843c", "#2fc59a", "#e39bc4", "#f0b93a", "#3d8fd1", "#a5abb4"];  // the same, lighter
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const paper = window.matchMedia("print");
const drawn = new Set();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function lineColour(number) {
  const colours = dark.matches && !paper.matches ? ON_DARK : ON_LIGHT;
  return colours[number % colours.length];
}

function axis(title, limits) {
  return {
    type: "linear",
    title: { display: Boolean(title), text: title, color: colour("--faint") },
    ticks: { color: colour("--faint") },
    grid: { color: colour("--line") },
    border: { color: colour("--line") },
    ...limits,
  };
}

function options(scales, tooltip, legend) {
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "nearest", axis: "xy", intersect: false },
    scales,
    plugins: {
      legend: { display: legend, labels: { color: colour("--ink"), boxWidth: 14, boxHeight: 2 } },
      tooltip: { callbacks: tooltip },
    },
  };
}

function sizes(points) {
  const largest = Math.max(...points.map(([, , count]) => count || 0));
  return points.map(([, , count]) => (largest ? 2 + 6 * Math.sqrt(count / largest) : 3));
}

function curvesOf(block) {
  const names = Object.keys(block.series);
  const datasets = names.map((label, number) => ({
    label,
    data: block.series[label].map(([x, y, count]) => ({ x, y, count })),
    borderColor: lineColour(number),
    backgroundColor: lineColour(number),
    borderWidth: 2,
    showLine: !(block.points || []).includes(label),
    pointRadius: block.dots || (block.points || []).includes(label) ? sizes(block.series[label]) : 0,
    pointHoverRadius: 5,
  }));
  if (block.diagonal) {
    const line = { label: "", data: [{ x: 0, y: 0 }, { x: 1, y: 1 }], borderColor: colour("--faint") };
    datasets.push({ ...line, borderWidth: 1, borderDash: [4, 4], pointRadius: 0, pointHitRadius: 0 });
  }
  const limits = block.shares ? { min: 0, max: 1 } : {};
  const whole = block.x === "epoch" ? { ticks: { color: colour("--faint"), precision: 0 } } : {};
  const say = {
    title: () => "",
    label: ({ dataset, parsed, raw }) => [dataset.label, `${block.x} ${+parsed.x.toFixed(4)}`, `${block.y} ${parsed.y.toFixed(4)}`,
      raw.count ? `${raw.count.toLocaleString("en")} predictions` : ""].filter(Boolean),
  };
  const legend = names.length > 1;
  const scales = { x: axis(block.x, { ...limits, ...whole }), y: axis(block.y, limits) };
  const made = options(scales, say, legend);
  made.plugins.legend.labels.filter = (item) => item.text !== "";
  return { type: "line", data: { datasets }, options: made };
}

function barsOf(block) {
  const texts = (number) => (block.counts.length ? `${block.counts[number].toLocaleString("en")} texts` : "");
  const labels = block.names.map((name, number) => [name, texts(number)].filter(Boolean));
  const datasets = [{ data: block.values, backgroundColor: lineColour(0), maxBarThickness: 60 }];
  const [names, values] = block.horizontal ? ["y", "x"] : ["x", "y"];
  const scales = { [names]: { ...axis(""), type: "category" }, [values]: axis(block.y, { min: 0, max: 1 }) };
  const say = {
    label: ({ parsed, dataIndex }) => [`${block.y} ${parsed[values].toFixed(4)}`, texts(dataIndex)].filter(Boolean),
  };
  return { type: "bar", data: { labels, datasets }, options: { ...options(scales, say, false), indexAxis: names } };
}

function drawPlot(block, configuration) {
  const canvas = element("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", block.title);
  const plot = { canvas, configuration, chart: null };
  const draw = () => {
    if (plot.chart) plot.chart.destroy();
    plot.chart = canvas.isConnected ? new Chart(canvas, configuration()) : null;
  };
  plot.draw = draw;
  drawn.add(plot);
  requestAnimationFrame(draw);
  const note = block.note ? element("p", "note", block.note) : null;
  return element("div", block.wide ? "block wide" : "block", element("h3", "", block.title), note, element("div", "plot", canvas));
}

function redrawPlots() {
  for (const plot of drawn) {
    if (plot.canvas.isConnected) plot.draw();
    else drawn.delete(plot);
  }
}

dark.addEventListener("change", redrawPlots);
paper.addEventListener("change", redrawPlots);

function parallelOf(block) {
  const datasets = block.rows.map(([label, values, best]) => ({
    label,
    data: values,
    borderColor: best ? lineColour(1) : colour("--faint"),
    backgroundColor: best ? lineColour(1) : colour("--faint"),
    borderWidth: best ? 2 : 0.5,
    order: best ? 0 : 1,
    pointRadius: 2,
  }));
  const scales = { x: { ...axis(""), type: "category" }, y: { ...axis("low to high", { min: 0, max: 1 }) } };
  const say = { title: () => "", label: ({ dataset }) => dataset.label };
  return { type: "line", data: { labels: block.names, datasets }, options: options(scales, say, false) };
}

const drawParallel = (block) => drawPlot(block, () => parallelOf(block));
const drawLines = (block) => drawPlot(block, () => curvesOf(block));
const drawBars = (block) => drawPlot(block, () => barsOf(block));

function drawSlider(block) {
  const steps = block.hits.length - 1, total = block.positives + block.negatives;
  const input = element("input");
  Object.assign(input, { type: "range", min: 0, max: steps, step: 1, value: Math.round(block.chosen * steps) });
  input.setAttribute("aria-label", "Threshold");
  const counts = element("div", "counts");
  const share = (part, whole) => (whole ? (part / whole).toFixed(4) : "–");

  function figures(step) {
    const hits = block.hits[step], alarms = block.alarms[step], missed = block.positives - hits;
    return {
      threshold: (step / steps).toFixed(3),
      precision: share(hits, hits + alarms),
      recall: share(hits, block.positives),
      F1: share(2 * hits, 2 * hits + alarms + missed),
      accuracy: share(total - alarms - missed, total),
      hits,
      missed,
      "false alarms": alarms,
    };
  }

  function draw() {
    const shown = Object.entries(figures(Number(input.value)));
    counts.replaceChildren(...shown.map(([name, value]) => element("div", "", name, element("b", "", String(value)))));
  }

  input.addEventListener("input", draw);
  draw();
  const series = { precision: [], recall: [], F1: [] };
  for (let step = 0; step <= steps; step += 1) {
    const at = figures(step);
    for (const name of Object.keys(series)) if (at[name] !== "–") series[name].push([step / steps, Number(at[name])]);
  }
  const curves = { title: "Metrics by threshold", series, x: "threshold", y: "", shares: true };
  const chosen = element("p", "note", `Threshold in use: ${block.chosen.toFixed(4)}`);
  const panel = element("div", "block", element("h3", "", "Threshold"), chosen, input, counts);
  return element("div", "grid wide", panel, drawLines(curves));
}
