/** The look of a report page: light and dark on screen, light on A4. Colours of text have a contrast of at least 4.5,
 *  those of bars at least 3. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f5f7f9; --line: #d5dbe1; --text: #1b2229; --muted: #55606b; --accent: #0b6e99;
  --c0: #0b6e99; --c1: #b35900; --c2: #2e7d4f; --c3: #8445bd; --c4: #bf2459; --c5: #77680a; --c6: #3d5266;
    --c7: #808a94;
  --warn: #8a4b00; --warn-panel: #fff6e8;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #11161b; --panel: #1a2128; --line: #333d47; --text: #e5ebf0; --muted: #a3afba; --accent: #62bbe8;
    --c0: #56b4e9; --c1: #eda34f; --c2: #63c48c; --c3: #c39bf0; --c4: #f284ad; --c5: #cfc04f; --c6: #9fb4c8;
    --c7: #77838f;
    --warn: #f0bd78; --warn-panel: #2a2217;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-size: 15px;
}
main, header, footer { max-width: 70rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.muted { color: var(--muted); }
.number, td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr)); gap: .75rem;
  margin: 1.5rem 0 0; padding: 0; }
.tiles div { background: var(--panel); border-radius: .5rem; padding: .8rem 1rem; }
.tiles dt { color: var(--muted); font-size: .85rem; }
.tiles dd { margin: 0; }
.tiles dd.big { font-size: 1.55rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tiles dd:not(.big) { font-size: .85rem; }
.tiles dd.small { color: var(--muted); }
.tiles .main { background: var(--accent); }
.tiles .main dt, .tiles .main dd { color: #ffffff; }
@media screen and (prefers-color-scheme: dark) { .tiles .main dt, .tiles .main dd { color: #0d1216; } }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; color: var(--muted); padding: .25rem 0 .4rem; font-size: .85rem; }
th, td { text-align: left; padding: .38rem .7rem .38rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 2px solid var(--line); color: var(--muted); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 500; overflow-wrap: break-word; max-width: 16rem; }
.short { white-space: nowrap; }
tfoot th, tfoot td { font-weight: 700; border-bottom: 0; border-top: 2px solid var(--line); }
.unit { font-weight: 400; display: block; font-size: .8rem; }
figure { margin: .75rem 0 1rem; }
figcaption { color: var(--muted); font-size: .85rem; margin-top: .3rem; }
svg { display: block; width: 100%; height: auto; min-width: 36rem; font-family: inherit; }
svg text { fill: var(--muted); font-size: 11px; font-variant-numeric: tabular-nums; }
svg text.name { fill: var(--text); font-size: 12px; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .gap { stroke: var(--page); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; margin: .4rem 0 0; padding: 0;
  font-size: .85rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: .15rem; margin-right: .4rem;
  vertical-align: -.05rem; }
.f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .f3 { fill: var(--c3); }
.f4 { fill: var(--c4); } .f5 { fill: var(--c5); } .f6 { fill: var(--c6); } .f7 { fill: var(--c7); }
.b0 { background: var(--c0); } .b1 { background: var(--c1); } .b2 { background: var(--c2); }
.b3 { background: var(--c3); }
.b4 { background: var(--c4); } .b5 { background: var(--c5); } .b6 { background: var(--c6); }
.b7 { background: var(--c7); }
.notes { list-style: none; margin: 0; padding: 0; }
.notes li { background: var(--warn-panel); border-left: 3px solid var(--warn); padding: .45rem .8rem;
  margin: .4rem 0; }
.notes b { color: var(--warn); }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--accent); }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .85em;
  overflow-wrap: anywhere; }
footer { padding-top: 1.5rem; padding-bottom: 3rem; color: var(--muted); font-size: .85rem; }
@page { size: A4; margin: 15mm 14mm 17mm; @bottom-right { content: counter(page) " / " counter(pages);
  font: 8pt sans-serif; color: #55606b; } }
@media print {
  :root { color-scheme: light; }
  html { font-size: 11.5px; }
  body { font-size: 9.5pt; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header { padding-top: 0; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  h2 { margin-top: 1.4rem; padding-top: .7rem; }
  h2, h3, caption, figcaption { break-after: avoid; }
  figure, .tiles div, .notes li, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
  p, li { orphans: 3; widows: 3; }
  .scroll { overflow: visible; }
  svg { min-width: 0; }
  .tiles { grid-template-columns: repeat(3, 1fr); gap: .5rem; }
  table { font-size: 8pt; }
  th, td { padding: .22rem .45rem .22rem 0; }
  tbody th { max-width: 9rem; }
  table.wide { font-size: 7pt; }
  details td, details tbody th { padding-top: .1rem; padding-bottom: .1rem; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; color: var(--muted); }
}
`;
