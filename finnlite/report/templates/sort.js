// Makes a table sortable by any column: a button in each heading; up, down, and the order it came in.
"use strict";
{
  const body = document.querySelector("table.layers tbody");
  const headings = [...document.querySelectorAll("table.layers thead th")];
  const rows = [...body.rows];
  const states = ["none", "ascending", "descending"];
  const collator = new Intl.Collator("en", { numeric: true });

  const key = (row, column, numbers) => {
    const cell = row.cells[column];
    const text = cell.dataset.key ?? cell.textContent.trim();
    if (text === "–" || text === "") return null;
    return numbers ? Number(text.replaceAll(",", "")) : text;
  };

  // Equal rows stay in stream order, and those without a value come last, both ways.
  const sort = (column, direction) => {
    const numbers = headings[column].dataset.sort === "number";
    const keys = new Map(rows.map((row) => [row, key(row, column, numbers)]));
    const compare = (one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      if (a === null || b === null) return (a === null) - (b === null);
      return direction * (numbers ? a - b : collator.compare(a, b));
    };
    body.append(...(direction ? [...rows].sort(compare) : rows));
  };

  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    heading.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const direction = (states.indexOf(heading.getAttribute("aria-sort")) + 1) % states.length;
      for (const each of headings) each.setAttribute("aria-sort", "none");
      heading.setAttribute("aria-sort", states[direction]);
      sort(column, [0, 1, -1][direction]);
    });
  });
  document.querySelector(".hint").hidden = false;
}
