/**
 * How the operator's page looks: calm, in light and dark as the reader's system has it, and as
 * legible on a phone, where each row of a table becomes a card, as on a wide screen.
 */

/** The style sheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f6f3; --panel: #ffffff; --ink: #1d2125; --quiet: #5c646d; --line: #e2e2dc;
  --accent: #1f6f5c; --good: #1b7346; --warn: #8a5a00; --bad: #b3261e;
  --good-ground: #e3f3ea; --warn-ground: #fbf0d9; --bad-ground: #fce8e6; --track: #e9e9e4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #131619; --panel: #1b1f23; --ink: #e7e9eb; --quiet: #9ba4ae; --line: #2b3137;
    --accent: #62c4a8; --good: #5cc98f; --warn: #e0b145; --bad: #f28b82;
    --good-ground: #17352a; --warn-ground: #3a2f14; --bad-ground: #42201e; --track: #2a3036;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; padding: 28px 32px 40px; max-width: 1320px;
  background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums;
}
html { background: var(--ground); }
h1, h2, p { margin: 0; }
header { display: flex; align-items: center; gap: 14px; margin-bottom: 20px; }
.who { min-width: 0; flex: 1; }
h1 { font-size: 19px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
#upstream, #subtitle { color: var(--quiet); font-size: 13px; overflow-wrap: anywhere; }
.state { display: flex; flex-direction: column; align-items: flex-end; gap: 4px; text-align: right; }
.pill {
  padding: 3px 12px; border-radius: 999px; font-size: 13px; font-weight: 600; white-space: nowrap;
  background: var(--track);
}
.pill::before {
  content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%;
  margin-right: 7px; background: currentColor; vertical-align: 1px;
}
.pill[data-tone="good"] { color: var(--good); background: var(--good-ground); }
.pill[data-tone="warn"] { color: var(--warn); background: var(--warn-ground); }
.pill[data-tone="bad"] { color: var(--bad); background: var(--bad-ground); }
#detail {
  margin-bottom: 20px; padding: 10px 16px; border-radius: 10px; overflow-wrap: anywhere;
  background: var(--bad-ground); color: var(--bad);
}
.tiles { display: grid; grid-template-columns: repeat(7, minmax(0, 1fr)); gap: 12px; }
.tile, section.table { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; }
.tile { padding: 14px 16px 12px; position: relative; overflow: hidden; min-height: 104px; }
.tile h2 { font-size: 12.5px; font-weight: 500; color: var(--quiet); }
.tile .value { font-size: 23px; line-height: 1.35; font-weight: 600; letter-spacing: -0.02em; white-space: nowrap; }
.tile .note { font-size: 12.5px; color: var(--quiet); }
.tile[data-tone="bad"] .value { color: var(--bad); }
.tile[data-tone="warn"] .note { color: var(--warn); }
.trend { position: absolute; right: 0; top: 10px; width: 46%; height: 30px; }
.trend polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; opacity: 0.75; vector-effect: non-scaling-stroke; }
section.table { margin-top: 16px; padding: 16px 0 6px; }
section.table h2 { padding: 0 20px 8px; font-size: 15px; font-weight: 600; }
section.table small { font-size: 12.5px; font-weight: 400; color: var(--quiet); margin-left: 6px; }
table { width: 100%; border-collapse: collapse; }
th { padding: 6px 12px; text-align: left; font-size: 12px; font-weight: 500; color: var(--quiet); white-space: nowrap; }
td { padding: 8px 12px; border-top: 1px solid var(--line); vertical-align: baseline; overflow-wrap: anywhere; }
th:first-child, td:first-child { padding-left: 20px; }
th:last-child, td:last-child { padding-right: 20px; }
td:first-child .text { font-weight: 500; }
th[data-kind="number"], td[data-kind="number"] { text-align: right; white-space: nowrap; }
td[data-kind="code"] .text { font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
td .note { color: var(--quiet); font-size: 13.5px; }
#table-refusals td:nth-child(6) .text {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; overflow: hidden;
}
td[data-tone="quiet"] .text { color: var(--quiet); font-weight: 400; }
td[data-tone="warn"] .text { color: var(--warn); }
td[data-tone="bad"] .text { color: var(--bad); }
#table-facts td:first-child { width: 150px; }
#table-facts thead { display: none; }
#table-facts td[data-tone="good"] .text { color: var(--good); }
.bar { display: block; width: 100%; max-width: 180px; height: 5px; margin-top: 4px; border-radius: 3px; overflow: hidden; }
.bar rect { fill: var(--track); }
.bar .level { fill: var(--good); transition: width 0.4s; }
td[data-tone="warn"] .level { fill: var(--warn); }
td[data-tone="bad"] .level { fill: var(--bad); }
#table-keys td[data-kind="text"] .text { white-space: nowrap; }
#table-keys td:first-child .text { white-space: normal; }
@media (min-width: 901px) {
  #table-open table, #table-keys table, #table-refusals table { table-layout: fixed; }
  #table-open th:nth-child(2) { width: 30%; }
  #table-open th:nth-child(3) { width: 12%; }
  #table-open th:nth-child(4) { width: 21%; }
  #table-open th:nth-child(5) { width: 13%; }
  #table-keys th:nth-child(n+2) { width: 9%; }
  #table-keys th:nth-child(4) { width: 20%; }
  #table-keys th:last-child, #table-refusals th:last-child { width: 11%; }
  #table-refusals th:nth-child(1), #table-refusals th:nth-child(5) { width: 15%; }
  #table-refusals th:nth-child(2) { width: 10%; }
  #table-refusals th:nth-child(3) { width: 8%; }
  #table-refusals th:nth-child(4) { width: 13%; }
}
.empty { padding: 4px 20px 12px; color: var(--quiet); }
footer { display: flex; flex-wrap: wrap; gap: 6px 18px; margin-top: 20px; font-size: 13px; color: var(--quiet); }
footer span { margin-left: auto; }
a { color: var(--accent); text-underline-offset: 2px; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
body[data-stale] main { opacity: 0.55; }
@media (max-width: 1180px) {
  .tiles { grid-template-columns: repeat(4, minmax(0, 1fr)); }
  .tile:first-child { grid-column: span 2; }
}
@media (max-width: 900px) {
  thead { display: none; }
  table, tbody { display: block; }
  tr { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 28px; padding: 10px 20px; border-top: 1px solid var(--line); }
  td, th:first-child, td:first-child, td:last-child { padding: 2px 0; }
  td { display: grid; grid-template-columns: 112px minmax(0, 1fr); column-gap: 10px; border: 0; align-content: start; }
  td::before { content: attr(data-name); color: var(--quiet); font-size: 12.5px; line-height: 22px; }
  td > * { grid-column: 2; }
  td[data-kind="number"] { text-align: left; white-space: normal; }
  td:first-child { display: block; grid-column: 1 / -1; }
  td:first-child::before, #table-facts td::before { content: none; }
  td:first-child .text { font-weight: 600; }
  #table-facts tr { grid-template-columns: 150px minmax(0, 1fr); }
  #table-facts td, #table-facts td:first-child { display: block; grid-column: auto; width: auto; }
  #table-facts td:first-child .text { font-weight: 400; }
  #table-keys td[data-tone="quiet"]:not(:first-child) { display: none; }
}
@media (max-width: 560px) {
  body { padding: 18px 14px 32px; }
  header { flex-wrap: wrap; gap: 10px 12px; }
  .state { flex-basis: 100%; flex-direction: row; align-items: center; justify-content: space-between; gap: 10px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px; }
  .tile { padding: 12px 14px 10px; min-height: 0; }
  .tile .value { font-size: 20px; }
  .trend { top: 8px; height: 24px; width: 40%; }
  tr { grid-template-columns: minmax(0, 1fr); padding: 10px 16px; }
  #table-facts tr { grid-template-columns: 112px minmax(0, 1fr); }
  section.table h2, .empty { padding-left: 16px; padding-right: 16px; }
  footer span { margin-left: 0; flex-basis: 100%; }
}
@media (prefers-reduced-motion: reduce) { .bar .level { transition: none; } }
`;
