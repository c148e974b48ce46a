// A button over each still figure; what it starts is loaded when it is pressed.
(() => {
  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  const loading = {};
  const load = (file) =>
    (loading[file] ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      const onerror = () => (delete loading[file], failed(`${file} is missing`));
      Object.assign(script, { src: folder + file, onload: done, onerror });
      document.head.append(script);
    }));
  for (const place of document.querySelectorAll(".touch")) {
    const { touch: name, label, version, kb, near } = place.dataset;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "touch-start" });
    button.textContent = `▶ Start: ${label}` + (kb > 99 ? ` (${kb} KB)` : "");
    const start = async (byHand) => {
      button.disabled = true;
      try {
        await load(`base.js?${version}`);
        await load(`${name}.data.js?${version}`);
        await load(`${name}.js?${version}`);
        bgoodTouch.start(place, button, byHand);
      } catch (problem) {
        button.disabled = false;
        button.textContent = `It could not be started (${problem}). Press to try again.`;
        console.error(problem);
      }
    };
    button.addEventListener("click", () => start(true));
    place.prepend(button);
    if (near)
      new IntersectionObserver((seen, watcher) => {
        if (seen.some((entry) => entry.isIntersecting)) watcher.disconnect(), button.isConnected && start(false);
      }, { rootMargin: "300px" }).observe(place);
  }
})();
