"use strict";
// Brings the page to life: figures, structures, sorting and filtering. All content is in the page.

const views = JSON.parse(document.getElementById("views").textContent);

function failed(host, error) {
  host.replaceChildren(Object.assign(document.createElement("p"), { className: "failed", textContent: `Not drawn: ${error.message}` }));
  console.error(error);
}

function drawPlot(host) {
  const { data, layout } = JSON.parse(document.getElementById(`plot-${host.dataset.plot}`).textContent);
  const config = { responsive: true, displaylogo: false, modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetViews"]] };
  return Plotly.newPlot(host, data, layout, config).then(() => {
    host.on("plotly_click", ({ points: [point] }) => point.customdata && chooseRow(point.customdata));
  }).catch((error) => failed(host, error));
}

function drawCrystal(host, rank, name) {
  try { return new CrystalView(host, views[rank], name); } catch (error) { return failed(host, error); }
}

function chooseRow(rank) {
  const row = document.getElementById(`rank-${rank}`);
  if (!row) return;
  document.querySelectorAll("tr.chosen").forEach((other) => other.classList.remove("chosen"));
  row.hidden = false;
  row.classList.add("chosen");
  row.scrollIntoView({ block: "center" });
}

function cellValue(row, column, numeric) {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent.trim();
  if (!numeric) return text.toLowerCase();
  const value = Number.parseFloat(text);
  return Number.isNaN(value) ? Infinity : value;
}

function sortBy(table, header) {
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const numeric = header.classList.contains("number");
  const keyed = [...table.tBodies[0].rows].map((row) => [cellValue(row, header.cellIndex, numeric), row]);
  keyed.sort(([p], [q]) => (p < q ? -1 : p > q ? 1 : 0) * (ascending ? 1 : -1));
  table.tBodies[0].append(...keyed.map(([, row]) => row));
}

function filterRows(table) {
  const text = document.getElementById("filter-text").value.trim().toLowerCase();
  const origin = document.getElementById("filter-origin").value;
  const novel = document.getElementById("filter-novel").checked;
  let shown = 0;
  for (const row of table.tBodies[0].rows) {
    row.hidden = (origin && row.dataset.origin !== origin) || (novel && row.dataset.novel !== "true") || !row.textContent.toLowerCase().includes(text);
    shown += row.hidden ? 0 : 1;
  }
  document.getElementById("filter-count").textContent = `${shown} shown`;
}

function prepareTable(table) {
  table.querySelectorAll("thead button").forEach((button) => button.addEventListener("click", () => sortBy(table, button.parentElement)));
  const filters = document.querySelector(".filters");
  filters.addEventListener("input", () => filterRows(table));
  filters.addEventListener("submit", (event) => event.preventDefault());
}

function showInDialog(rank) {
  const dialog = document.getElementById("viewer");
  const cells = document.getElementById(`rank-${rank}`).cells;
  const title = document.createElement("h3");
  title.append(`${rank} · `, ...[...cells[1].childNodes].map((node) => node.cloneNode(true)));
  const host = Object.assign(document.createElement("div"), { className: "crystal" });
  dialog.lastElementChild.replaceChildren(title, host);
  drawCrystal(host, rank, `rank ${rank}`);
  dialog.showModal();
}

// A plot is as wide as the screen gave it; with a view box it shrinks to what paper gives.
function fitToPaper(printing) {
  for (const svg of document.querySelectorAll(".main-svg")) {
    if (printing) svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
    else svg.removeAttribute("viewBox");
  }
}

const table = document.getElementById("ranking-table");
if (table) prepareTable(table);
document.querySelectorAll("[data-show]").forEach((button) => button.addEventListener("click", () => showInDialog(button.dataset.show)));
document.querySelectorAll(".crystal[data-view]").forEach((host) => drawCrystal(host, host.dataset.view, host.dataset.name));
window.addEventListener("beforeprint", () => fitToPaper(true));
window.addEventListener("afterprint", () => fitToPaper(false));
document.querySelectorAll("details").forEach((details) =>
  details.addEventListener("toggle", () => details.querySelectorAll("[data-plot]").forEach(drawPlot), { once: true }));
Promise.all([...document.querySelectorAll("[data-plot]")].filter((host) => !host.closest("details")).map(drawPlot))
  .then(() => { document.documentElement.dataset.drawn = "yes"; });
