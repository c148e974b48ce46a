// Be the selector: paint the background cells of a picture, and be scored beside the selectors and the controls.
(() => {
  // Precision, recall and share of chosen cells; NaN where there is nothing to divide by.
  function quality(chosen, background) {
    let right = 0, taken = 0, there = 0;
    for (let i = 0; i < chosen.length; i++) {
      right += chosen[i] & background[i];
      taken += chosen[i];
      there += background[i];
    }
    return { precision: right / taken, recall: right / there, chosen: taken / chosen.length };
  }

  function explorer(stage, { controls: { painted: cells, ...described }, data }, ui) {
    const { el, percent, clamp } = ui;
    const { side } = cells, count = side * side, pixels = ui.unpack(data.images), width = pixels.shape[1];
    const truth = ui.unpack(data.background).values;
    const of = (values, i) => values.subarray(i * count, (i + 1) * count);
    const judges = Object.fromEntries(Object.entries(data.networks).map(([name, { chosen }]) =>
      [name, Object.fromEntries(Object.entries(chosen).map(([selector, packed]) => [selector, ui.unpack(packed).values]))]));
    const mine = data.captions.map(() => new Uint8Array(count)), compared = new Set();
    const { values, set, elements } = ui.controls(described, update);
    const here = () => values.picture - 1;
    const share = (value, digits = 0) => (Number.isNaN(value) ? "–" : percent(value, digits));

    let at = [0, 0], brush = 1, focused = false;
    const stroke = (x, y) => {
      at = [x, y];
      mine[here()][y * side + x] = brush;
      update("paint");
    };
    const canvas = ui.surface({
      size: 384,
      label: `The picture, ${side} by ${side} cells. Paint what is background: drag, or move with the arrow keys and press space.`,
      move: (x, y, first) => {
        const [column, row] = [x, y].map((part) => clamp(Math.floor(part * side), 0, side - 1));
        if (first) brush = 1 - mine[here()][row * side + column];
        stroke(column, row);
      },
      keys: (dx, dy) => {
        at = [clamp(at[0] + dx, 0, side - 1), clamp(at[1] + dy, 0, side - 1)];
        update("cursor");
      },
      other: (key) => {
        if (key !== " " && key !== "Enter") return false;
        brush = 1 - mine[here()][at[1] * side + at[0]];
        stroke(...at);
        return true;
      },
    });
    canvas.addEventListener("focus", () => ((focused = canvas.matches(":focus-visible")), update(focused ? "cursor" : "paint")));
    canvas.addEventListener("blur", () => ((focused = false), update("paint")));

    // The picture with its chosen cells under a veil.
    function show(target, chosen) {
      const i = here(), context = ui.paint(target, pixels.values.subarray(i * width * width * 3, (i + 1) * width * width * 3));
      const cell = target.width / side;
      chosen.forEach((is, k) => {
        if (!is) return;
        context.fillStyle = "rgba(214, 0, 127, 0.55)";
        context.fillRect((k % side) * cell, Math.floor(k / side) * cell, cell, cell);
      });
      context.strokeStyle = "rgba(255, 255, 255, 0.5)";
      for (let k = 1; k < side && target === canvas; k++) {
        context.beginPath();
        context.moveTo(k * cell, 0), context.lineTo(k * cell, target.height);
        context.moveTo(0, k * cell), context.lineTo(target.width, k * cell);
        context.stroke();
      }
    }

    const words = ui.words(), hint = el("p", { class: "touch-note" });
    const rows = [["you", "you"], ["truth", "true masks"], ...Object.entries(data.selectors).map(([name, { title, control }]) => [name, title + (control ? " (control)" : "")])]
      .map(([name, title]) => {
        const small = el("canvas", { width: 64, height: 64, "aria-hidden": "true", class: "touch-small" });
        const told = Array.from({ length: 4 }, () => el("td", {}));
        return { name, small, told, element: el("tr", {}, el("th", { scope: "row" }, el("span", { class: "touch-chosen" }, small, title)), told) };
      });
    const table = el("table", { class: "touch-figures touch-selectors" },
      el("thead", {}, el("tr", {}, ...["chosen by", "precision", "recall", "share", "all pictures"].map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, rows.map((row) => row.element)));
    const buttons = [
      ui.button("Next picture", () => {
        set("compare", false);
        set("picture", (values.picture % data.captions.length) + 1);
      }),
      ui.button("Clear", () => (mine[here()].fill(0), update("paint"))),
    ];

    function update(what) {
      const i = here(), background = of(truth, i), ours = mine[i];
      show(canvas, ours);
      if (values.compare) {
        ours.forEach((is, k) => is !== background[k] && ui.frame(canvas, [(k % side) + 0.08, Math.floor(k / side) + 0.08, 0.84, 0.84], side, { dash: is ? [] : [5, 4], colour: is ? "#ffb000" : "#fff" }));
      }
      if (focused) ui.frame(canvas, [...at, 1, 1], side, { width: 4 });
      table.hidden = !values.compare;
      hint.textContent = values.compare
        ? "Full frames: cells you painted that hold 10% or more of the digit. Dashed frames: background you left out."
        : `A ${data.captions[i]}. A cell counts as background where less than 10% of it is digit.`;
      const painted = ours.reduce((a, b) => a + b, 0), found = quality(ours, background);
      if (what === "cursor") {
        words.say(`Row ${at[1] + 1}, column ${at[0] + 1}: ${ours[at[1] * side + at[0]] ? "painted" : "not painted"}.`);
      } else if (!values.compare) {
        words.say(`You have painted ${painted} of ${count} cells.`);
      } else {
        words.say(`You took ${painted} of ${count} cells: precision ${share(found.precision)}, recall ${share(found.recall)}. Taking all cells would have a precision of ${share(quality(ours.map(() => 1), background).precision)}.`);
      }
      if (!values.compare) return;
      compared.add(i);
      const whole = data.networks[values.network].whole;
      for (const { name, small, told } of rows) {
        const chosen = name === "you" ? ours : name === "truth" ? background : of(judges[values.network][name], i);
        show(small, chosen);
        const scored = quality(chosen, background);
        ["precision", "recall", "chosen"].forEach((key, k) => (told[k].textContent = share(scored[key])));
        told[3].textContent = name === "you" ? pooled() : name === "truth" ? "100%" : share(whole[name].precision);
      }
    }

    // The reader's precision over all pictures that were compared.
    function pooled() {
      const chosen = [...compared].flatMap((i) => [...mine[i]]), background = [...compared].flatMap((i) => [...of(truth, i)]);
      return share(quality(chosen, background).precision);
    }

    stage.append(
      elements.picture,
      el("div", { class: "touch-pair" }, el("div", { class: "touch-canvas" }, canvas), el("div", { class: "touch-beside" }, el("p", { class: "touch-row" }, buttons), elements.compare, hint, words.element)),
      elements.network, table,
      el("p", { class: "touch-note" }, `All pictures: precision on the ${data.n} test images; yours, on those that you compared. Selectors look through the head of a network after its training (one, n = 1). Random cells and those of least evidence are a quarter of the map. Photographs: scikit-learn's china.jpg and flower.jpg.`),
    );
    update();
  }
  bgoodTouch.explorers.paint = Object.assign(explorer, { quality });
})();
