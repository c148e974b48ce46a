// What screen readers and the theme do not agree on.
document.addEventListener("DOMContentLoaded", () => {
  const all = (selector, change) => document.querySelectorAll(selector).forEach(change);
  // A search form is a landmark of its own; where there are two on a page, each has its name.
  all("form.bd-search", (form) => {
    form.setAttribute("role", "search");
    const place = form.closest("dialog") ? ", as a dialog" : form.closest("main") ? "" : ", from its side";
    form.setAttribute("aria-label", `Search the book${place}`);
  });
  // The way home stands in no landmark.
  all(".bd-sidebar-primary .navbar-brand", (link) => {
    link.parentElement.setAttribute("role", "navigation");
    link.parentElement.setAttribute("aria-label", "Home");
  });
  // The names of these buttons say what is seen on them.
  all(".theme-switch-button", (button) => button.setAttribute("aria-label", "Colours: light, dark, or as the system has them"));
  all("details > summary[aria-label]", (line) => line.removeAttribute("aria-label"));
  all("summary:has(> .toctree-toggle)", (toggle) => {
    const page = toggle.closest("li")?.querySelector("a")?.textContent.trim();
    toggle.setAttribute("aria-label", `Pages below ${page}`);
  });
  // References: the roles that docutils gives them contradict each other.
  all(".citation-list[role], .citation[role], .footnote-list[role], .footnote[role]", (entry) => entry.removeAttribute("role"));
  // The empty corner above the names of a table's rows is no header.
  all("table th", (header) => {
    if (header.textContent.trim()) return;
    const cell = document.createElement("td");
    cell.className = header.className;
    header.replaceWith(cell);
  });
  // Columns of numbers are set flush right, all others left.
  all("table.dataframe", (table) => {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    const headers = table.tHead ? [...table.tHead.rows] : [];
    const width = Math.max(0, ...rows.map((row) => row.cells.length));
    for (let i = 1; i <= width; i++) {
      // counted from the right, as headers of several rows' names leave cells out on the left
      const column = rows.map((row) => row.cells[row.cells.length - i]).filter((cell) => cell?.tagName === "TD");
      const numbers = column.length && column.every((cell) => /^[-+−–±\s\d.,%]*(nan)?$/i.test(cell.textContent));
      for (const cell of [...column, ...headers.map((row) => row.cells[row.cells.length - i])])
        if (cell?.colSpan === 1) cell.classList.toggle("number", Boolean(numbers));
    }
  });
  // A table too wide for a phone becomes a list there, see book.css: each cell says which column it is of.
  all(".bd-article .pst-scrollable-table-container table", (table) => {
    const names = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent.trim());
    if (names.length < 6) return;
    table.classList.add("wide");
    for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, i) => (cell.dataset.column = names[i]));
  });
  // What scrolls sideways can be reached by keyboard, too.
  all("div.cell_output, div.highlight > pre, .pst-scrollable-table-container, .formula-block", (box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  });
});
