// Draws each <canvas data-chart data-source="id"> from the json_script block with that id:
// {"currency": "USD", "labels": ["Jan", …], "series": [{"name": "Net", "values": ["1200.00", …]}]}
// data-chart is "bars" (stacked) or "line". Numbers become floats here only to be drawn.
(() => {
  "use strict";
  const PALETTE = ["--tr-slice-1", "--tr-slice-3", "--tr-slice-2", "--tr-blue", "--tr-purple"];
  const drawn = new Map();

  // Chart.js cannot parse light-dark() or color-mix(): let the browser compute an rgba() first.
  const token = (name, alpha = 1) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const context = document.createElement("canvas").getContext("2d");
    context.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, opacity] = context.getImageData(0, 0, 1, 1).data;
    return `rgba(${red},${green},${blue},${(opacity / 255) * alpha})`;
  };

  const datasets = (kind, series) =>
    series.map(({ name, values }, index) => {
      const colour = PALETTE[index % PALETTE.length];
      const line = { borderColor: token(colour), backgroundColor: token(colour, 0.12), fill: true, cubicInterpolationMode: "monotone", borderWidth: 2, pointRadius: 0, pointHoverRadius: 4 };
      const bars = { backgroundColor: token(colour), borderRadius: 4, maxBarThickness: 28, borderSkipped: "start" };
      return { label: name, data: values.map(Number), ...(kind === "line" ? line : bars) };
    });

  const options = (kind, source) => {
    const money = new Intl.NumberFormat("en-GB", { minimumFractionDigits: source.decimals ?? 2, maximumFractionDigits: source.decimals ?? 2 });
    const compact = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
    const ticks = { color: token("--tr-muted"), font: { size: 12 } };
    const stacked = kind !== "line";
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: still ? false : { duration: 350 },
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { stacked, grid: { display: false }, border: { color: token("--tr-border") }, ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 12 } },
        y: { stacked, beginAtZero: true, border: { display: false }, grid: { color: token("--tr-border") }, ticks: { ...ticks, maxTicksLimit: 5, callback: (value) => compact.format(value) } },
      },
      plugins: {
        legend: { display: source.series.length > 1, align: "end", position: "top", labels: { color: token("--tr-text"), boxWidth: 10, boxHeight: 10, useBorderRadius: true, borderRadius: 3, padding: 14 } },
        tooltip: {
          backgroundColor: token("--tr-ink"), titleColor: token("--tr-surface"), bodyColor: token("--tr-surface"), padding: 10, cornerRadius: 8, boxPadding: 4,
          callbacks: { label: (item) => ` ${item.dataset.label}: ${money.format(item.parsed.y)} ${source.currency ?? ""}` },
        },
      },
    };
  };

  const draw = (canvas) => {
    const block = document.getElementById(canvas.dataset.source);
    if (!block) return;
    const source = JSON.parse(block.textContent);
    const kind = canvas.dataset.chart === "line" ? "line" : "bars";
    drawn.get(canvas)?.destroy();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    drawn.set(canvas, new Chart(canvas, {
      type: kind === "line" ? "line" : "bar",
      data: { labels: source.labels, datasets: datasets(kind, source.series) },
      options: options(kind, source),
    }));
  };

  const drawAll = () => document.querySelectorAll("canvas[data-chart]").forEach(draw);
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("tranche:theme", drawAll);
  document.addEventListener("htmx:afterSwap", (event) => event.target.querySelectorAll?.("canvas[data-chart]").forEach(draw));
})();
