import { readdirSync, readFileSync } from "node:fs";
import fastify from "fastify";
import { expect, it } from "vitest";
import { silentLog } from "../../test/support/store-data.ts";
import { RULE_NAMES } from "../alert/rules/rule.ts";
import { handbookPage, handbookRoutes } from "./handbook-routes.ts";
import { sendProblem } from "./problem.ts";

it("a heading has the anchor that links of the documents name, and a link leads to the page that is served", () => {
  const page = handbookPage("a", "## No message arrives\n\n[key](configuration.md#keys), [x](../README.md)", [
    "a",
  ]);
  expect(page).toContain('<h2 id="no-message-arrives">No message arrives</h2>');
  expect(page).toContain('<a href="/docs/handbook/configuration#keys">key</a>, x');
});

it("every rule of alerts has its section in the runbook that is served", async () => {
  const server = fastify();
  server.setErrorHandler((error, { method, url }, reply) =>
    sendProblem(reply, error, { method, path: url }, silentLog),
  );
  handbookRoutes(server);
  const { body, headers } = await server.inject("/docs/handbook/runbook");
  expect(headers["content-type"]).toBe("text/html; charset=utf-8");
  for (const rule of RULE_NAMES) expect(body).toContain(`<h2 id="${rule}">`);
  expect((await server.inject("/docs/handbook/..%2fpackage")).statusCode).toBe(404);
  await server.close();
});

it("no link of the handbook leads to an anchor that is not there", () => {
  const names = readdirSync("docs").flatMap((file) => (file.endsWith(".md") ? [file.slice(0, -3)] : []));
  const pages = new Map(
    names.map((name) => [name, handbookPage(name, readFileSync(`docs/${name}.md`, "utf8"), names)]),
  );
  const broken: string[] = [];
  for (const [name, page] of pages)
    for (const [, target = name, anchor] of page.matchAll(
      /<a href="(?:\/docs\/handbook\/([\w-]+))?#([\w-]+)"/g,
    ))
      if (!pages.get(target)?.includes(`id="${anchor}"`)) broken.push(`${name} → ${target}#${anchor}`);
  expect(broken).toEqual([]);
});
