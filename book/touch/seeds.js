// Would you believe it? Paired seeds drawn again where nothing was changed, and how often an interval misses zero.
(() => {
  // The numbers of `normals` in bgood_lib/pages/explorers/seeds.py: mulberry32, whose state only counts up, then Box and
  // Muller. Answers the normal draw at a place.
  function normals(page) {
    const start = Math.imul(page, 0x9e3779b9);
    const uniform = (i) => {
      const state = (start + Math.imul(i + 1, 0x6d2b79f5)) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
    };
    return (i) => Math.sqrt(-2 * Math.log(uniform(2 * i))) * Math.cos(2 * Math.PI * uniform(2 * i + 1));
  }

  const MOST_SEEDS = 20;

  // The tests of one page: mean of n differences whose true mean is zero; half the interval's width; does it miss zero?
  function drawPage(data, { n, tests, study }, page) {
    const { sd } = data.spreads[study], draw = normals(page), { shape, values } = data.quantiles;
    const [plain, corrected] = [0, tests - 1].map((i) => values[(n - data.fewest) * shape[1] + i] ?? NaN);
    return Array.from({ length: tests }, (_, i) => {
      const pairs = Array.from({ length: n }, (_, j) => sd * draw(i * MOST_SEEDS + j));
      const mean = pairs.reduce((a, b) => a + b) / n;
      const error = Math.sqrt(pairs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1) / n);
      return { mean, half: plain * error, missed: Math.abs(mean) > plain * error, corrected: Math.abs(mean) > corrected * error };
    });
  }

  // Running count over pages 1 to `last`.
  function count(data, values, last) {
    const total = { tests: 0, missed: 0, pages: 0, with_miss: 0, with_corrected: 0, up: 0, as_large: 0 };
    const real = data.spreads[values.study].mean;
    for (let page = 1; page <= last; page++) {
      const drawn = drawPage(data, values, page), number = (is) => drawn.filter(is).length;
      total.pages++;
      total.tests += drawn.length;
      total.missed += number((each) => each.missed);
      total.with_miss += drawn.some((each) => each.missed);
      total.with_corrected += drawn.some((each) => each.corrected);
      total.up += number((each) => each.mean > 0);
      total.as_large += number(({ mean }) => (real > 0 ? mean >= real : mean <= real));
    }
    return total;
  }

  const WIDTH = 340, TOP = 6;

  function explorer(stage, { controls: described, data: packed }, ui) {
    const { el, svg, colour, percent, clamp } = ui;
    const data = { ...packed, quantiles: ui.unpack(packed.quantiles) };
    const { values, set, elements } = ui.controls(described, () => update());
    const last = described.page.high;
    const plot = svg("svg", { class: "touch-histogram touch-tests", role: "img" });
    const words = ui.words(), legend = el("div", {}), note = el("p", { class: "touch-note" });
    const rows = el("tbody", {});
    const table = el("table", { class: "touch-figures" },
      el("thead", {}, el("tr", {}, ...["on all pages so far", "counted", "expected"].map((head) => el("th", { scope: "col" }, head)))), rows);
    const buttons = [
      ui.button("Draw another page", () => set("page", Math.min(values.page + 1, last))),
      ui.button("Draw 100 more", () => set("page", Math.min(values.page + 100, last))),
      ui.button("Start again", () => set("page", 1)),
    ];
    const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;

    function update() {
      const drawn = drawPage(data, values, values.page), real = data.spreads[values.study];
      const { n, tests, page } = values, some = n >= data.fewest;
      const step = clamp(240 / tests, 6, 14), floor = TOP + tests * step + 4, height = floor + 32;
      const usual = (real.sd / Math.sqrt(n)) * (some ? 1.3 * data.quantiles.values[(n - data.fewest) * data.quantiles.shape[1]] : 3);
      const reach = Math.max(1.15 * Math.abs(real.mean), ...drawn.map(({ mean }) => 1.05 * Math.abs(mean)), usual);
      const x = (value) => WIDTH / 2 + clamp(value / reach, -1, 1) * (WIDTH / 2 - 8);
      const line = (from, to, y, kind) => svg("line", { x1: x(from), x2: x(to), y1: y, y2: y, class: kind });
      const marks = drawn.flatMap(({ mean, half, missed }, i) => {
        const y = TOP + (i + 0.5) * step, kind = missed ? "touch-missed" : "touch-held";
        return [...(some ? [line(mean - half, mean + half, y, kind)] : []), svg("circle", { cx: x(mean), cy: y, r: 2.4, class: kind })];
      });
      const upright = (value, kind) => svg("line", { x1: x(value), x2: x(value), y1: 0, y2: floor, class: kind });
      const size = [5, 2, 1, 0.5, 0.2, 0.1, 0.05].find((each) => each <= reach / 2) ?? 0.02;
      const ticks = [-2, -1, 0, 1, 2].filter((i) => Math.abs(i * size) < 0.95 * reach);
      plot.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
      plot.replaceChildren(
        upright(0, "touch-axis"), upright(real.mean, "touch-measured"), ...marks,
        ...ticks.map((i) => svg("text", { x: x(i * size), y: floor + 12, "text-anchor": "middle" }, i ? signed(i * size).replace(".0", "") : "0")),
        svg("text", { x: WIDTH / 2, y: floor + 27, "text-anchor": "middle" }, "change of AUROC, points (true change: 0)"),
      );
      const missed = drawn.filter((each) => each.missed).length, ups = drawn.filter((each) => each.mean > 0).length;
      const best = signed(Math.max(...drawn.map((each) => each.mean)));
      const seeds = `${n} seed${n > 1 ? "s" : ""}`, many = `${tests} test${tests > 1 ? "s" : ""}`;
      const text = some
        ? `Page ${page}: ${many} of ${seeds} each, no effect in any. ${missed} of the intervals miss${missed === 1 ? "es" : ""} zero. The best test says ${best} points.`
        : `Page ${page}: ${many} of ${seeds} each, no effect in any. ${ups} look like a gain, the best one of ${best} points. With so few seeds there is no interval that could warn you.`;
      words.say(text);
      plot.setAttribute("aria-label", `${many} of no effect as dots${some ? " with 95% intervals" : ""}. ${text}`);
      legend.replaceChildren(ui.legend(...(some ? [["misses zero", "var(--ink)"]] : []), [some ? "holds zero" : "a test", colour("id")], [`what we measured on ${real.title}: ${signed(real.mean)} points, n = ${real.n}`, colour("background")]));

      const total = count(data, values, page), told = [];
      const of = (part, all) => `${part} of ${all} (${percent(part / all, 1)})`;
      told.push(["tests that look like a gain", of(total.up, total.tests), "50%"]);
      told.push([`tests at least as large as what we measured`, of(total.as_large, total.tests), ""]);
      if (some) {
        told.push(["intervals that miss zero", of(total.missed, total.tests), "5%"]);
        told.push(["pages with at least one such", of(total.with_miss, total.pages), percent(1 - 0.95 ** tests)]);
        told.push([`the same, corrected for ${many} (Holm)`, of(total.with_corrected, total.pages), "at most 5%"]);
      }
      rows.replaceChildren(...told.map(([name, counted, expected]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, counted), el("td", {}, expected))));
      for (const button of buttons.slice(0, 2)) button.disabled = page >= last;
      note.textContent = `Drawn from a normal distribution around 0 with the standard deviation of the real seeds, ${real.sd.toFixed(2)} points (ddof 1, n = ${real.n}; ${data.detector}, mean AUROC over the OOD sets, background loss against cross-entropy). ${page >= last ? `All ${last} pages are drawn.` : ""}`;
    }

    stage.append(
      elements.n, elements.tests, elements.study, el("p", { class: "touch-row" }, buttons),
      legend, plot, words.element, table, note,
    );
    update();
  }
  bgoodTouch.explorers.seeds = Object.assign(explorer, { normals, drawPage, count });
})();
