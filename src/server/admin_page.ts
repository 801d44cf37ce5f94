/**
 * The operator's page as it is first sent: complete, so that it can be read where no script runs. It
 * then asks for itself anew every few seconds; where one runs, `admin_page_script.ts` keeps the same
 * elements up to date. Every value is text, escaped by the template: labels and names are anybody's.
 */
import { html } from "hono/html";
import type { Cell, Row, Table } from "./admin_tables.ts";
import { TREND } from "./admin_view.ts";
import type { Tile, View } from "./admin_view.ts";

/** The page that shows `view`. */
export async function adminPage(view: View): Promise<string> {
  const { status, upstream, subtitle, tiles, tables } = view;
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${status.text} · mcpgate</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/page.css">
        <noscript><meta http-equiv="refresh" content="5"></noscript>
        <script src="/page.js" defer></script>
      </head>
      <body>
        <header>
          <img src="/icon.svg" alt="" width="36" height="36">
          <div class="who">
            <h1>mcpgate</h1>
            <p id="upstream">${upstream}</p>
          </div>
          <div class="state">
            <p id="status" role="status" class="pill" data-tone="${status.tone}">${status.text}</p>
            <p id="subtitle">${subtitle}</p>
          </div>
        </header>
        <p id="detail" role="alert" ${status.detail === ""
          ? html`
            hidden
          `
          : ""}>${status.detail}</p>
        <main>
    <section class="tiles" aria-label="Figures">${tiles.map(tileHtml)}</section>
    ${tables.map(tableHtml)}
        </main>
        <footer>
    <a href="/metrics">Metrics</a> <a href="/readyz">Readiness</a> <a href="/healthz">Liveness</a>
    <a href="/snapshot.json">All figures</a>
    <span>Read-only. Keys, arguments and results are never shown.</span>
        </footer>
      </body>
    </html>
  `;
  return String(await page).trim();
}

function tileHtml({ id, name, value, note, tone, line }: Tile) {
  const drawn = line === undefined ? "" : html`
    <svg class="trend" viewBox="0 0 ${TREND.width} ${TREND.height}" preserveAspectRatio="none"
      aria-hidden="true">
      <polyline points="${line}"></polyline>
    </svg>
  `;
  return html`<div class="tile" id="tile-${id}" data-tone="${tone}">
<h2>${name}</h2><p class="value">${value}</p><p class="note">${note}</p>${drawn}
</div>`;
}

function tableHtml(table: Table) {
  const { id, title, note, columns, rows, empty } = table;
  return html`
    <section class="table" id="table-${id}">
      <h2>${title} <small>${note}</small></h2>
      <table${rows.length === 0
        ? html`
          hidden
        `
        : ""}>
        <thead>
          <tr>${columns.map(({ name, kind }) =>
            html`<th scope="col" data-kind="${kind}">${name}</th>`
          )}</tr>
        </thead>
        <tbody>${rows.map((row) => rowHtml(row, table))}</tbody>
        </table>
        <p class="empty" ${rows.length > 0
          ? html`
            hidden
          `
          : ""}>${empty}</p>
        </section>
  `;
}

function rowHtml({ id, cells }: Row, { columns }: Table) {
  return html`<tr data-id="${id}">${
    cells.map((cell, index) => {
      const { name = "", kind = "text" } = columns[index] ?? {};
      return html`<td data-name="${name}" data-kind="${kind}" data-tone="${cell.tone ?? "plain"}">${
        cellHtml(cell)
      }</td>`;
    })
  }</tr>`;
}

function cellHtml({ text, note, share }: Cell) {
  const bar = share === undefined ? "" : html`
    <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect width="100" height="6"></rect>
      <rect class="level" width="${Math.round(share * 100)}" height="6"></rect>
    </svg>
  `;
  const said = note === undefined ? "" : html`
    <span class="note">${note}</span>
  `;
  return html`<span class="text">${text}</span>${said}${bar}`;
}
