// What all things to touch are made of. An explorer is a function
//   bgoodTouch.explorers.NAME = (stage, description, ui) => { ... }
// which fills the element `stage`; `description` is results/touch/NAME.json: its controls and its data.
window.bgoodTouch ??= (() => {
  const look = window.bgoodLook;
  const explorers = {}, data = {};
  let count = 0;

  // el("p", { class: "a", onclick: f }, "text", node): an element; null children and attributes are left out.
  function make(create) {
    return (tag, attributes = {}, ...children) => {
      const node = create(tag);
      for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else if (value != null && value !== false) node.setAttribute(name, value === true ? "" : value);
      }
      node.append(...children.flat().filter((child) => child != null));
      return node;
    };
  }
  const el = make((tag) => document.createElement(tag));
  const svg = make((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  const colour = (name) => `var(--touch-${name})`; // of a method, "id" or "ood"; follows light and dark
  const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}%`;
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  // An array that `pack` of bgood_lib/pages/explorers/base.py wrote: { shape, values } with a typed array.
  function unpack({ type, shape, base64 }) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    if (type === "uint8") return { shape, values: bytes };
    if (type === "float32") return { shape, values: new Float32Array(bytes.buffer) };
    return { shape, values: Float32Array.from(new Uint16Array(bytes.buffer), half) };
  }
  function half(bits) {
    const exponent = (bits >> 10) & 31, part = bits & 1023;
    const size = exponent ? (1 + part / 1024) * 2 ** (exponent - 15) : part * 2 ** -24;
    return bits >> 15 ? -size : size;
  }

  // --- controls: each { element, get(), set(value) }; `changed(value)` is called when the reader changes it ---
  function slider({ label, low, high, step = 1, default: start, unit = "", stops }, changed) {
    const id = `touch-${count++}`;
    // With stops, [[value, text], ...], it moves from one to the next.
    const places = stops && { low: 0, high: stops.length - 1, step: 1 };
    const [min, max, by] = places ? [0, places.high, 1] : [low, high, step];
    const input = el("input", { type: "range", id, min, max, step: by });
    const said = el("output", { for: id });
    const digits = (String(by).split(".")[1] ?? "").length;
    const get = () => (stops ? stops[input.value][0] : Number(input.value));
    const show = () => {
      said.textContent = stops ? stops[input.value][1] : `${get().toFixed(digits)}${unit && " " + unit}`;
      input.setAttribute("aria-valuetext", said.textContent);
    };
    const set = (value) => {
      input.value = stops ? stops.findIndex(([each]) => each === value) : value;
      show();
    };
    set(start);
    input.addEventListener("input", () => (show(), changed(get())));
    return { element: el("div", { class: "touch-slider" }, el("label", { for: id }, label), said, input), get, set };
  }

  function choice({ label, options, default: start }, changed) {
    const name = `touch-${count++}`;
    const inputs = options.map(([value, text]) => {
      const input = el("input", { type: "radio", name, value, onchange: () => changed(value) });
      return [value, input, el("label", {}, input, el("span", {}, text))];
    });
    const get = () => inputs.find(([, input]) => input.checked)[0];
    const set = (value) => inputs.forEach(([each, input]) => (input.checked = each === value));
    set(start);
    const element = el("fieldset", { class: "touch-choice" }, el("legend", {}, label), el("div", {}, inputs.map((i) => i[2])));
    return { element, get, set };
  }

  function toggle({ label, default: start }, changed) {
    const input = el("input", { type: "checkbox", onchange: () => changed(input.checked) });
    input.checked = start;
    const element = el("label", { class: "touch-toggle" }, input, el("span", {}, label));
    return { element, get: () => input.checked, set: (value) => (input.checked = value) };
  }

  function colourPicker({ label, default: start }, changed) {
    const id = `touch-${count++}`;
    const input = el("input", { type: "color", id, oninput: () => changed(input.value) });
    input.value = start;
    const element = el("div", { class: "touch-colour" }, el("label", { for: id }, label), input);
    return { element, get: () => input.value, set: (value) => (input.value = value) };
  }

  const button = (text, pressed) => el("button", { type: "button", class: "touch-button", onclick: pressed }, text);

  // All controls of a description: { values, set(name, value), elements }; `changed(name)` after a change by either.
  const kinds = { slider, choice, toggle, colour: colourPicker };
  function controls(described, changed) {
    const values = {}, made = {}, elements = {};
    for (const [name, control] of Object.entries(described)) {
      made[name] = kinds[control.kind](control, (value) => ((values[name] = value), changed(name)));
      values[name] = made[name].get();
      elements[name] = made[name].element;
    }
    const set = (name, value) => {
      made[name].set(value);
      values[name] = made[name].get();
      changed(name);
    };
    return { values, set, elements };
  }

  // A canvas that is moved on: by a pointer, move(x, y, first) with x and y from 0 to 1; by arrow keys, keys(dx, dy);
  // by any other key, other(key), which answers true where it did something. `label` says what and how.
  function surface({ size, label, move, keys, other, hover = false }) {
    const canvas = el("canvas", { width: size, height: size, tabindex: 0, role: "application", "aria-label": label, class: "touch-surface" });
    const at = (event, first) => {
      const box = canvas.getBoundingClientRect();
      move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, first);
    };
    let down = false;
    canvas.addEventListener("pointerdown", (event) => {
      down = true;
      if (!hover) canvas.setPointerCapture(event.pointerId);
      at(event, true);
    });
    canvas.addEventListener("pointermove", (event) => (down || hover) && at(event, false));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (down = false));
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (arrows[event.key] ? (keys(...arrows[event.key]), true) : other?.(event.key)) event.preventDefault();
    });
    if (!hover) canvas.style.touchAction = "none";
    return canvas;
  }

  // Pixels [side x side x 3] of 0 to 255 on a canvas, each a square.
  function paint(canvas, pixels, side = Math.sqrt(pixels.length / 3)) {
    const small = new ImageData(side, side);
    for (let i = 0; i < side * side; i++) small.data.set([pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2], 255], 4 * i);
    const hidden = el("canvas", { width: side, height: side });
    hidden.getContext("2d").putImageData(small, 0, 0);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(hidden, 0, 0, canvas.width, canvas.height);
    return context;
  }

  // A frame inside `[left, top, width, height]`, in units of which the canvas is `units` wide; seen on any colour.
  function frame(canvas, box, units, { colour: ink = "#fff", dash = [], width = 3 } = {}) {
    const context = canvas.getContext("2d"), scale = canvas.width / units, inset = width / 2 + 1;
    const [x, y, w, h] = box.map((value) => value * scale);
    for (const [style, line, pattern] of [["#000", width + 2, []], [ink, width, dash]]) {
      Object.assign(context, { strokeStyle: style, lineWidth: line });
      context.setLineDash(pattern);
      context.strokeRect(x + inset, y + inset, w - 2 * inset, h - 2 * inset);
    }
    context.setLineDash([]);
  }

  const normColour = (share) => look.norms[clamp(Math.floor(share * look.norms.length), 0, look.norms.length - 1)];

  // A heat map of cell norms [side x side] in the book's scale from 0 to `vmax`; `chosen` cells are framed.
  function normMap(label, size = 320) {
    const canvas = el("canvas", { width: size, height: size, role: "img", "aria-label": label, class: "touch-map" });
    const update = (norms, vmax, chosen) => {
      const side = Math.sqrt(norms.length), cell = size / side, context = canvas.getContext("2d");
      norms.forEach((norm, i) => {
        context.fillStyle = normColour(norm / vmax);
        context.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell, cell);
      });
      chosen?.forEach((is, i) => is && frame(canvas, [(i % side) + 0.1, Math.floor(i / side) + 0.1, 0.8, 0.8], side, { width: 2 }));
    };
    return { element: canvas, update };
  }

  // The labelled bar of such maps.
  const normBar = (vmax, label = look.length) =>
    el("div", { class: "touch-norm-bar", role: "img", "aria-label": `Colours: ${label}, from 0 (dark) to ${vmax} (bright)` },
      el("span", {}, "0"), el("span", { style: `background: linear-gradient(to right, ${look.norms.join()})` }), el("span", {}, `${vmax}`), el("span", {}, label));

  // Horizontal bars of shares 0 to 1, one a name; `series` are [label, colour] of the bars beside each other.
  function bars(names, series) {
    const rows = names.map((name) => {
      const fills = series.map(([label, ink]) => el("i", { style: `background: ${ink}`, title: label }));
      const said = el("span", {});
      return { fills, said, element: el("li", {}, el("b", {}, name), el("span", { class: "touch-fills" }, fills), said) };
    });
    const update = (...shares) =>
      rows.forEach(({ fills, said }, i) => {
        fills.forEach((fill, j) => (fill.style.width = percent(shares[j][i], 1)));
        said.textContent = shares.map((share) => percent(share[i])).join(" / ");
      });
    return { element: el("ul", { class: "touch-bars", style: `--said: ${3.7 * series.length - 0.6}em` }, rows.map((row) => row.element)), update };
  }

  // A score on a line: where the middle 90% of known test images lie, the 95% threshold, and this image.
  function track({ label, low, threshold }) {
    const dot = el("i", { class: "touch-dot" }), said = el("span", {});
    const place = (score) => clamp(20 + (50 * (score - low)) / (threshold - low), 1, 99);
    const line = el("span", { class: "touch-track" }, el("i", { class: "touch-known" }), el("i", { class: "touch-threshold" }), dot);
    const element = el("li", {}, el("b", {}, label), said, line);
    const update = (score) => {
      const known = score <= threshold;
      dot.style.left = `${place(score)}%`;
      dot.style.background = colour(known ? "id" : "ood");
      said.textContent = known ? "known" : "unknown";
      return known;
    };
    return { element, update };
  }

  // Histograms over one axis: series [{ name, colour, counts }] of shares of their set; `line` is a place on the axis.
  function histogram({ low, high, xlabel, height = 150, width = 360, label }) {
    const element = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "touch-histogram", role: "img", "aria-label": label });
    const x = (value) => 6 + ((value - low) / (high - low)) * (width - 12);
    const floor = height - 34;
    const update = (series, { line, ticks = [low, (low + high) / 2, high], says } = {}) => {
      const top = Math.max(...series.flatMap((each) => [...each.counts]));
      const drawn = series.map(({ counts, colour: ink }) => {
        const step = (width - 12) / counts.length;
        const points = [...counts].flatMap((count, i) => [0, 1].map((side) => `${6 + (i + side) * step},${floor - (count / top) * (floor - 8)}`));
        return svg("polygon", { points: `6,${floor} ${points.join(" ")} ${width - 6},${floor}`, style: `fill: ${ink}; stroke: ${ink}` });
      });
      const axis = svg("line", { x1: 6, x2: width - 6, y1: floor, y2: floor, class: "touch-axis" });
      const texts = ticks.map((tick, i) =>
        svg("text", { x: x(tick), y: floor + 14, "text-anchor": i === 0 ? "start" : i === ticks.length - 1 ? "end" : "middle" }, `${+tick.toFixed(2)}`));
      const name = svg("text", { x: width / 2, y: height - 4, "text-anchor": "middle" }, xlabel);
      const mark = line == null ? null : svg("line", { x1: x(line), x2: x(line), y1: 2, y2: floor, class: "touch-line" });
      element.replaceChildren(...drawn, axis, ...texts, name, ...(mark ? [mark] : []));
      if (says) element.setAttribute("aria-label", says);
    };
    return { element, update, x, toValue: (share) => low + clamp((share * width - 6) / (width - 12), 0, 1) * (high - low) };
  }

  // Names of series with their colours, for histograms and bars.
  const legend = (...series) =>
    el("p", { class: "touch-legend" }, series.map(([name, ink]) => el("span", {}, el("i", { style: `background: ${ink}` }), name)));

  // What is seen, in words: shown, and read out by a screen reader once the reader pauses.
  function words() {
    const shown = el("p", { class: "touch-words" }), spoken = el("p", { class: "touch-spoken", role: "status" });
    let waiting;
    const say = (text) => {
      shown.textContent = text;
      clearTimeout(waiting);
      waiting = setTimeout(() => (spoken.textContent = text), 600);
    };
    shown.setAttribute("aria-hidden", "true"); // it would be read twice
    return { element: el("div", {}, shown, spoken), say };
  }

  // Calls `draw` at most once a frame, and not before the last call has ended.
  function soon(draw) {
    let asked = false, busy = false;
    return async function again() {
      asked = true;
      if (busy) return;
      busy = true;
      while (asked) {
        await new Promise(requestAnimationFrame);
        asked = false;
        await draw();
      }
      busy = false;
    };
  }

  // Called by start.js when everything is there.
  function start(place, pressed, byHand) {
    const { touch: name, label } = place.dataset;
    const stage = el("div", { class: `touch-stage touch-${name}`, role: "group", "aria-label": label, tabindex: -1 });
    explorers[name](stage, data[name], ui);
    pressed.replaceWith(stage);
    place.classList.add("touch-started");
    if (byHand) stage.focus({ preventScroll: true });
  }

  const ui = {
    el, svg, colour, percent, clamp, unpack, slider, choice, toggle, colourPicker, button, controls, surface, paint, frame,
    normColour, normMap, normBar, bars, track, histogram, legend, words, soon,
  };
  return { explorers, data, ui, start };
})();
