/** The look of the page of the API: light and dark. Colours of text have a contrast of at least 4.5. */
export const DOCS_STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f5f7f9; --line: #d5dbe1; --text: #1b2229; --muted: #55606b; --accent: #0b6e99;
  --get: #0b6e99; --post: #2e7d4f; --warn: #8a4b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11161b; --panel: #1a2128; --line: #333d47; --text: #e5ebf0; --muted: #a3afba; --accent: #62bbe8;
    --get: #62bbe8; --post: #63c48c; --warn: #f0bd78;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--page); color: var(--text); line-height: 1.5; font-size: 15px;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  display: grid; grid-template-columns: 19rem minmax(0, 1fr);
}
a { color: var(--accent); }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--page); padding: .5rem; z-index: 1; }
nav { border-right: 1px solid var(--line); padding: 1.5rem 1rem; height: 100vh; position: sticky; top: 0; overflow-y: auto; }
nav h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; margin: 1.2rem 0 .3rem; }
nav h2 a { color: var(--muted); text-decoration: none; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { color: var(--text); text-decoration: none; font-size: .85rem; display: flex; gap: .5rem; padding: .15rem 0; }
nav li a:hover .path { text-decoration: underline; }
nav .contents > summary { display: none; }
.brand { font-weight: 700; margin: 0; }
.brand a { color: var(--text); text-decoration: none; }
main { padding: 1.5rem 2rem 6rem; max-width: 60rem; min-width: 0; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
.tag > h2 { font-size: 1.4rem; margin: 3rem 0 .5rem; padding-top: 1rem; border-top: 2px solid var(--line); }
article { padding: 1rem 0; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: .5rem 0; }
h3 a { color: var(--text); text-decoration: none; display: flex; gap: .6rem; align-items: baseline; }
h3 a:hover .path { text-decoration: underline; }
h4 { font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; color: var(--muted); margin: 1.1rem 0 .3rem; }
p { margin: .5rem 0; max-width: 46rem; }
.muted { color: var(--muted); }
code, pre, .path { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { font-size: .92em; }
.path { overflow-wrap: anywhere; }
.method { font-size: .7rem; font-weight: 700; letter-spacing: .03em; color: var(--get); min-width: 2.4rem; flex: none;
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.method.post { color: var(--post); }
.summary { font-weight: 500; }
.scope { font-weight: 400; color: var(--muted); border: 1px solid var(--line); border-radius: 1rem; padding: .05rem .6rem;
  font-size: .8rem; white-space: nowrap; }
.needed { color: var(--warn); font-weight: 400; font-size: .8rem; }
pre { background: var(--panel); border-radius: .4rem; padding: .7rem .9rem; overflow-x: auto; font-size: .85rem; margin: .4rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--muted); font-weight: 600; }
tbody th { font-weight: 400; white-space: nowrap; }
tr:target { background: var(--panel); }
td code { overflow-wrap: anywhere; }
.members { list-style: none; margin: .2rem 0; padding: 0 0 0 .9rem; border-left: 2px solid var(--line); font-size: .9rem; }
.members li { padding: .12rem 0; overflow-wrap: anywhere; }
.name { font-weight: 600; }
.type { color: var(--muted); font-size: .85em; }
.said::before { content: "— "; color: var(--muted); }
summary { cursor: pointer; }
.example { margin-top: .6rem; }
.status { white-space: nowrap; border: 1px solid var(--line); border-radius: .3rem; padding: .05rem .4rem; font-size: .8rem;
  display: inline-block; margin: .1rem 0; }
@media (max-width: 55rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); padding: 1rem; }
  nav .contents > summary { display: list-item; margin-top: .5rem; }
  main { padding: 1rem 1rem 4rem; }
  .status { white-space: normal; }
}
`;
