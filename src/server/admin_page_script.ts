/**
 * The script of the operator's page, as it is sent: it asks for the figures each second and writes
 * them into the elements that are there. Values become text and nothing else; the page's policy would
 * refuse markup. It says so when no answer comes, and rests while nobody sees the page.
 */

/** The script. */
export const SCRIPT = `"use strict";
(() => {
const PERIOD_MS = 1000;
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function say(element, text) {
  if (element !== null && element.textContent !== text) element.textContent = text;
}

function mark(element, name, value) {
  if (element !== null && element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function part(parent, selector, make) {
  let found = parent.querySelector(selector);
  if (found === null) parent.append(found = make());
  return found;
}

function span(name) {
  const made = document.createElement("span");
  made.className = name;
  return made;
}

function bar() {
  const made = document.createElementNS(SVG, "svg");
  const attributes = { class: "bar", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  for (const name of ["", "level"]) {
    const rect = document.createElementNS(SVG, "rect");
    rect.setAttribute("class", name);
    rect.setAttribute("width", "100");
    rect.setAttribute("height", "6");
    made.append(rect);
  }
  return made;
}

function showCell(element, cell) {
  mark(element, "data-tone", cell.tone ?? "plain");
  say(part(element, ".text", () => span("text")), cell.text);
  if (cell.note !== undefined) {
    say(part(element, ".note", () => (element.append(" "), span("note"))), cell.note);
  } else element.querySelector(".note")?.remove();
  if (cell.share !== undefined) {
    const level = part(element, ".bar", bar).querySelector(".level");
    mark(level, "width", String(Math.round(cell.share * 100)));
  } else element.querySelector(".bar")?.remove();
}

function newRow(table, id) {
  const row = document.createElement("tr");
  row.setAttribute("data-id", id);
  for (const column of table.columns) {
    const cell = document.createElement("td");
    cell.setAttribute("data-name", column.name);
    cell.setAttribute("data-kind", column.kind);
    row.append(cell);
  }
  return row;
}

function showTable(table) {
  const section = byId("table-" + table.id);
  if (section === null) return;
  say(section.querySelector("small"), table.note);
  section.querySelector("table").hidden = table.rows.length === 0;
  section.querySelector(".empty").hidden = table.rows.length > 0;
  const body = section.querySelector("tbody");
  const known = new Map([...body.rows].map((row) => [row.getAttribute("data-id"), row]));
  let place = body.firstElementChild;
  for (const { id, cells } of table.rows) {
    const row = known.get(id) ?? newRow(table, id);
    known.delete(id);
    if (row === place) place = row.nextElementSibling;
    else body.insertBefore(row, place);
    cells.forEach((cell, index) => showCell(row.cells[index], cell));
  }
  for (const row of known.values()) row.remove();
}

function showTile(tile) {
  const element = byId("tile-" + tile.id);
  if (element === null) return;
  mark(element, "data-tone", tile.tone);
  say(element.querySelector(".value"), tile.value);
  say(element.querySelector(".note"), tile.note);
  if (tile.line !== undefined) mark(element.querySelector("polyline"), "points", tile.line);
}

function showStatus(text, tone, detail) {
  say(byId("status"), text);
  mark(byId("status"), "data-tone", tone);
  say(byId("detail"), detail);
  byId("detail").hidden = detail === "";
  document.title = text + " \\u00b7 mcpgate";
}

function show(view) {
  showStatus(view.status.text, view.status.tone, view.status.detail);
  say(byId("upstream"), view.upstream);
  say(byId("subtitle"), view.subtitle);
  view.tiles.forEach(showTile);
  view.tables.forEach(showTable);
}

async function look() {
  try {
    const reply = await fetch("/live.json", { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!reply.ok) throw new Error(await reply.text());
    show(await reply.json());
    document.body.removeAttribute("data-stale");
  } catch {
    showStatus("No answer", "bad", "The gate does not answer; below is what it said last.");
    document.body.setAttribute("data-stale", "");
  }
}

let timer = 0;
async function keepLooking() {
  clearTimeout(timer);
  if (document.hidden) return;
  await look();
  clearTimeout(timer);
  timer = setTimeout(keepLooking, PERIOD_MS);
}

document.addEventListener("visibilitychange", keepLooking);
timer = setTimeout(keepLooking, PERIOD_MS);
})();
`;
