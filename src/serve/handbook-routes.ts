import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { FastifyInstance } from "fastify";
import { Marked } from "marked";
import { etagOf, type Prepared, sendPrepared } from "./conditional.ts";
import { ApiProblem } from "./problem.ts";

const PATH = "/docs/handbook";

/** /docs/handbook/runbook: the documents that the package brings, so that a link in a message leads to them. They hold nothing of
 *  the store. */
export function handbookRoutes(server: FastifyInstance): void {
  const folder = join(dirname(createRequire(import.meta.url).resolve("co2e/package.json")), "docs");
  const names = readdirSync(folder).flatMap((file) => (file.endsWith(".md") ? [file.slice(0, -3)] : []));
  const pages = new Map<string, Prepared>();
  server.get<{ Params: { page: string } }>(
    `${PATH}/:page`,
    { config: { scope: "public", isPage: true } },
    (request, reply) => {
      const { page } = request.params;
      if (!names.includes(page))
        throw new ApiProblem("not-found", `The handbook has no page ${page}. It has ${names.join(", ")}.`);
      const found = pages.get(page) ?? prepare(page, readFileSync(join(folder, `${page}.md`), "utf8"), names);
      pages.set(page, found);
      reply.header("cache-control", "public, no-cache");
      return sendPrepared(request, reply, found, "text/html; charset=utf-8");
    },
  );
}

function prepare(page: string, markdown: string, names: readonly string[]): Prepared {
  const text = handbookPage(page, markdown, names);
  return { text, etag: etagOf(text) };
}

/** "## No message arrives" has the anchor #no-message-arrives, and configuration.md#alerts leads to its page. */
export function handbookPage(page: string, markdown: string, names: readonly string[]): string {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${anchorOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const target = targetOf(href);
        return target === null ? text : `<a href="${target}">${text}</a>`;
      },
    },
  });
  const list = names.map((name) => `<li><a href="${PATH}/${name}">${name.replaceAll("-", " ")}</a></li>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>co2e: ${page}</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<a class="skip" href="#content">To the content</a>
<nav aria-label="Pages">
<p class="brand"><a href="/docs">co2e API</a></p>
<h2>Handbook</h2>
<ul>${list.join("")}</ul>
</nav>
<main id="content">
${marked.parse(markdown, { async: false })}
</main>
</body>
</html>
`;
}

const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");

/** Null: a file of the checkout that is not served. */
function targetOf(href: string): string | null {
  if (/^(https?:\/\/|#)/.test(href)) return href.replaceAll('"', "%22");
  const [, name, hash = ""] = /^([\w-]+)\.md(#[\w-]*)?$/.exec(href) ?? [];
  return name === undefined ? null : `${PATH}/${name}${hash}`;
}
