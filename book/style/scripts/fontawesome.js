// In place of Font Awesome's 1.5 MB, which the theme would load under this name: the icons that its buttons use.
(() => {
  const SHAPES = {
    sun: '<circle cx="12" cy="12" r="4"/><path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2"/>',
    moon: '<path d="M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z"/>',
    "circle-half-stroke": '<circle cx="12" cy="12" r="9"/><path d="M12 3a9 9 0 0 1 0 18Z" fill="currentColor"/>',
    "magnifying-glass": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5.5 5.5"/>',
    bars: '<path d="M4 6h16M4 12h16M4 18h16"/>',
    list: '<path d="M9 6h11M9 12h11M9 18h11M4 6h.5M4 12h.5M4 18h.5"/>',
    "angle-left": '<path d="m15 5-7 7 7 7"/>',
    "angle-right": '<path d="m9 5 7 7-7 7"/>',
    "chevron-down": '<path d="m5 9 7 7 7-7"/>',
    "arrow-up": '<path d="M12 20V4M5 11l7-7 7 7"/>',
    download: '<path d="M12 4v11M7 11l5 5 5-5M4 20h16"/>',
    expand: '<path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/>',
    code: '<path d="m8 6-6 6 6 6M16 6l6 6-6 6"/>',
    file: '<path d="M6 3h8l5 5v13H6Z"/>',
    pencil: '<path d="m4 20 1-5L16 4l4 4L9 19Z"/>',
    rocket: '<path d="M7 4v16l13-8Z"/>',
    lightbulb: '<path d="M9 18h6M10 21h4M12 3a6 6 0 0 1 4 10.5l-1 2H9l-1-2A6 6 0 0 1 12 3Z"/>',
    github: '<circle cx="6" cy="5" r="2"/><circle cx="6" cy="19" r="2"/><circle cx="18" cy="7" r="2"/><path d="M6 7v10M18 9c0 5-12 3-12 8"/>',
  };
  const OTHERS = { "file-pdf": "file", "file-lines": "file", "pencil-alt": "pencil", play: "rocket", gitlab: "github", bitbucket: "github" };

  const draw = (element) => {
    const name = [...element.classList].map((c) => c.slice(3)).find((c) => SHAPES[c] || OTHERS[c]);
    if (!name) return;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const { name: key, value } of element.attributes) if (key !== "title") svg.setAttribute(key, value);
    svg.classList.add("icon");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.innerHTML = SHAPES[name] || SHAPES[OTHERS[name]];
    element.replaceWith(svg);
  };
  const all = () => document.querySelectorAll("i.fa-solid, i.fas, i.fab, i.fa-brands, span.fa-solid").forEach(draw);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
})();
