import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

// Who may import whom, as data, and the few rules that a linter does not know. When this test fails, the code is in the
// wrong place more often than the rule is: move the code, or change the rule here and in the architecture notes together.

/** How a file takes from another: a value when it is loaded, a type only, or a value when it is needed. */
type Way = "value" | "type" | "dynamic";
const ANY_WAY: readonly Way[] = ["value", "type", "dynamic"];
const TYPES_ONLY: readonly Way[] = ["type"];
/** Types cost nothing, and parts are loaded when a command needs them: `co2e --help` loads next to nothing. */
const WHEN_NEEDED: readonly Way[] = ["type", "dynamic"];

/** Part of src (a folder, or one file, which says more than its folder) → what it may import, a folder besides itself, and
 *  how. `npm:x` is one package, `npm:*` and `node:*` are any. */
const MAY_IMPORT: Readonly<Record<string, Readonly<Record<string, readonly Way[]>>>> = {
  core: {},
  zones: { core: ANY_WAY },
  ingest: { core: ANY_WAY },
  emissions: { core: ANY_WAY },
  usage: { core: ANY_WAY },
  report: { core: ANY_WAY, emissions: ANY_WAY },
  sources: { core: ANY_WAY, "npm:*": ANY_WAY, "node:*": ANY_WAY },
  store: { core: ANY_WAY, "npm:*": ANY_WAY, "node:*": ANY_WAY },
  // The rules and what they say; channels are parts like sources.
  alert: { core: ANY_WAY },
  "alert/channels": { core: ANY_WAY, alert: ANY_WAY, "node:crypto": ["value"] },
  flows: {
    core: ANY_WAY,
    zones: ANY_WAY,
    ingest: ANY_WAY,
    emissions: ANY_WAY,
    usage: ANY_WAY,
    "npm:p-limit": ["value"],
    // The parts come as parameters.
    sources: TYPES_ONLY,
    store: TYPES_ONLY,
    alert: ANY_WAY,
    "alert/channels": TYPES_ONLY,
  },
  "config/config.ts": {
    core: ANY_WAY,
    zones: ANY_WAY,
    emissions: ANY_WAY,
    "config/file.ts": ANY_WAY,
    "config/environment.ts": ANY_WAY,
    "config/sources.ts": ANY_WAY,
    "config/regions.ts": ANY_WAY,
    "config/prometheus.ts": ANY_WAY,
    "config/service.ts": ANY_WAY,
    "config/alerts.ts": ANY_WAY,
    "config/jobs.ts": ANY_WAY,
    "usage/labels.ts": ["value"],
    // Which sources there are, and which variables each needs, is known to the sources alone.
    "sources/registry.ts": ANY_WAY,
    "sources/source.ts": ANY_WAY,
    "npm:env-paths": ["value"],
    "node:path": ["value"],
  },
  "config/environment.ts": {},
  "config/sources.ts": {
    "config/environment.ts": ANY_WAY,
    "config/file.ts": TYPES_ONLY,
    "sources/registry.ts": ANY_WAY,
    "sources/source.ts": ANY_WAY,
  },
  // What the jobs are, and their usual times.
  "config/jobs.ts": { jobs: ANY_WAY, "config/file.ts": TYPES_ONLY },
  "config/regions.ts": {
    core: ANY_WAY,
    zones: ANY_WAY,
    "config/file.ts": TYPES_ONLY,
  },
  "config/prometheus.ts": {
    core: ANY_WAY,
    usage: ANY_WAY,
    emissions: ANY_WAY,
    "config/file.ts": TYPES_ONLY,
    "config/regions.ts": ANY_WAY,
  },
  "config/service.ts": { "config/file.ts": TYPES_ONLY },
  "config/alerts.ts": {
    alert: ANY_WAY,
    "config/file.ts": TYPES_ONLY,
    "config/file-alerts.ts": TYPES_ONLY,
  },
  "config/file-alerts.ts": { "npm:valibot": ["value"] },
  "config/file-jobs.ts": { "npm:valibot": ["value"] },
  "config/file.ts": {
    core: ANY_WAY,
    "config/file-alerts.ts": ANY_WAY,
    "config/file-jobs.ts": ANY_WAY,
    "npm:valibot": ["value"],
    "npm:yaml": ["dynamic"],
    "node:fs": ["value"],
  },
  jobs: { core: ANY_WAY, flows: TYPES_ONLY, store: TYPES_ONLY },
  metrics: { core: ANY_WAY, flows: TYPES_ONLY, jobs: TYPES_ONLY, "npm:prom-client": ["value"] },
  // The contract, and what programs ask it with.
  api: { core: ANY_WAY, "npm:valibot": ["value", "type"], "npm:@valibot/to-json-schema": ["value"] },
  client: {},
  serve: {
    core: ANY_WAY,
    api: ANY_WAY,
    flows: ANY_WAY,
    zones: ANY_WAY,
    // The page of the API is made of the same pieces of HTML as a report.
    report: ANY_WAY,
    "emissions/report/grouping.ts": ANY_WAY,
    emissions: TYPES_ONLY,
    usage: TYPES_ONLY,
    jobs: TYPES_ONLY,
    store: TYPES_ONLY,
    metrics: TYPES_ONLY,
    // Names of regions are read in one way everywhere.
    "config/regions.ts": ANY_WAY,
    "npm:fastify": ANY_WAY,
    "npm:marked": ["value"],
    // A secret that is sent is hashed as the one that was kept.
    "store/secret-hash.ts": ["value"],
    "npm:@fastify/helmet": ["value"],
    "npm:@fastify/rate-limit": ["value"],
    "npm:valibot": ["value"],
    "node:crypto": ["value"],
    "node:http": ["value"],
    // The documents that the package brings.
    "node:fs": ["value"],
    "node:module": ["value"],
    "node:path": ["value"],
  },
  app: {
    core: ANY_WAY,
    "config/config.ts": WHEN_NEEDED,
    // Loaded with the settings in any case.
    "config/regions.ts": ANY_WAY,
    "config/alerts.ts": TYPES_ONLY,
    zones: WHEN_NEEDED,
    ingest: WHEN_NEEDED,
    emissions: WHEN_NEEDED,
    sources: WHEN_NEEDED,
    store: WHEN_NEEDED,
    alert: WHEN_NEEDED,
    "alert/channels": WHEN_NEEDED,
    metrics: WHEN_NEEDED,
    serve: WHEN_NEEDED,
    "npm:fastify": TYPES_ONLY,
    jobs: WHEN_NEEDED,
    flows: WHEN_NEEDED,
    "npm:pino": WHEN_NEEDED,
    "node:crypto": ["dynamic"],
    "node:module": ["dynamic"],
    "node:net": TYPES_ONLY,
  },
  "index.ts": {
    core: ANY_WAY,
    zones: ANY_WAY,
    emissions: ANY_WAY,
    "config/config.ts": ANY_WAY,
    "config/regions.ts": ANY_WAY,
    app: WHEN_NEEDED,
    flows: WHEN_NEEDED,
  },
  // Is loaded when needed, as a whole: one set of files after the other takes longer than reading a file of usage.
  "cli/calculate-files.ts": {
    core: ANY_WAY,
    "config/config.ts": ANY_WAY,
    "config/regions.ts": ANY_WAY,
    app: ANY_WAY,
    flows: ANY_WAY,
    cli: ANY_WAY,
    "sources/input-file.ts": ANY_WAY,
    "sources/intensity-file.ts": ANY_WAY,
    "sources/usage-file.ts": ANY_WAY,
    "zones/cloud-regions.ts": ANY_WAY,
  },
  cli: {
    core: ANY_WAY,
    "cli/calculate-files.ts": WHEN_NEEDED,
    "config/config.ts": WHEN_NEEDED,
    "config/regions.ts": WHEN_NEEDED,
    app: WHEN_NEEDED,
    flows: WHEN_NEEDED,
    emissions: TYPES_ONLY,
    ingest: TYPES_ONLY,
    alert: WHEN_NEEDED,
    jobs: WHEN_NEEDED,
    report: WHEN_NEEDED,
    "emissions/report/grouping.ts": WHEN_NEEDED,
    "sources/source.ts": TYPES_ONLY,
    // What only one command needs, and app does not build.
    "sources/input-file.ts": WHEN_NEEDED,
    "sources/intensity-file.ts": WHEN_NEEDED,
    "sources/usage-file.ts": WHEN_NEEDED,
    "sources/usage-rejects.ts": WHEN_NEEDED,
    "sources/sample-grid.ts": WHEN_NEEDED,
    "store/migrate.ts": WHEN_NEEDED,
    "zones/cloud-regions.ts": WHEN_NEEDED,
    "npm:commander": ["value"],
    "npm:cli-progress": ["dynamic"],
    "node:*": ANY_WAY,
  },
};

/** No I/O, clock, chance, environment, log or waiting. */
const PURE = ["core", "zones", "ingest", "emissions", "usage", "report", "alert", "api"];
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bMath\.random\b|\bcrypto\b|\bperformance\b|\bprocess\b|\bconsole\b|\bglobalThis\b|\bfetch\b|\bsetTimeout\b|\bsetInterval\b|\basync\b|\bawait\b|\bPromise\b/;

const SQL =
  /\bselect\b[\s\S]{1,400}?\bfrom\s+\w|\binsert\s+into\s+\w|\bupdate\s+\w+\s+set\b|\bdelete\s+from\s+\w|\b(?:create|alter|drop)\s+(?:table|view|index|function|schema)\b|\btruncate\s+table\b/i;

interface Import {
  readonly from: string;
  readonly way: Way;
}

/** Comments, and optionally strings and templates, replaced by blanks. */
function without(text: string, what: "comments" | "comments and strings"): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|(?<![\\:"'`/])\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g,
    (piece) => (piece.startsWith("/") || what === "comments and strings" ? " " : piece),
  );
}

const stringsOf = (text: string): string[] =>
  without(text, "comments").match(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g) ?? [];

/** Every import and re-export of a module, in the way in which it is taken. */
function importsOf(text: string): Import[] {
  const code = without(text, "comments");
  const found: Import[] = [];
  for (const [, type, from] of code.matchAll(
    /(?:^|[;\n}])\s*(?:import|export)\s+(type\s+)?(?:(?:[\w$*{}\s,]|\bas\b)*?\sfrom\s*)?["']([^"'\n]+)["']/g,
  )) {
    if (from !== undefined) found.push({ from, way: type === undefined ? "value" : "type" });
  }
  for (const [, before, from] of code.matchAll(
    /(\btype\s+\w+\s*=\s*|[:<|&]\s*|\btypeof\s+)?\bimport\(\s*["']([^"'\n]+)["']\s*\)/g,
  )) {
    // `type X = import("…").Y` names a type; `await import("…")` loads.
    if (from !== undefined) found.push({ from, way: before === undefined ? "dynamic" : "type" });
  }
  return found;
}

interface SourceFile {
  /** Below src, with slashes: "core/time.ts". */
  readonly path: string;
  readonly part: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const src = join(dirname(fileURLToPath(import.meta.url)), "..", "src");
const folderOf = (path: string): string => path.split("/")[0] ?? "";
const innerFolderOf = (path: string): string => path.split("/").slice(0, 2).join("/");
const partOf = (path: string): string =>
  [path, innerFolderOf(path)].find((name) => name in MAY_IMPORT) ?? folderOf(path);
const paths = readdirSync(src, { recursive: true, encoding: "utf8" }).map((path) =>
  path.replaceAll("\\", "/"),
);
const files: readonly SourceFile[] = paths
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .map((path) => {
    const text = readFileSync(join(src, path), "utf8");
    return { path, part: partOf(path), text, imports: importsOf(text) };
  });

/** "core/time.ts" for a file of src, "npm:pg" and "node:fs" for packages, "outside:…" for any other file. */
function targetOf(importer: string, from: string): string {
  if (from.startsWith("node:")) return from;
  if (!from.startsWith("."))
    return `npm:${from
      .split("/")
      .slice(0, from.startsWith("@") ? 2 : 1)
      .join("/")}`;
  const path = posix.join(posix.dirname(importer), from);
  return path.startsWith("..") ? `outside:${path}` : path;
}

function isAllowed(part: string, target: string, way: Way): boolean {
  const rules = MAY_IMPORT[part] ?? {};
  if (target.startsWith("outside:")) return false;
  const kind = /^(npm|node):/.exec(target)?.[1];
  const ways = rules[target] ?? rules[kind === undefined ? partOf(target) : `${kind}:*`];
  return target === part || partOf(target) === part || ways?.includes(way) === true;
}

const forbiddenImports = (checked: readonly SourceFile[]): string[] =>
  checked.flatMap(({ path, part, imports }) =>
    imports
      .map(({ from, way }) => ({ target: targetOf(path, from), way }))
      .filter(({ target, way }) => !isAllowed(part, target, way))
      .map(({ target, way }) => `${path} → ${target} (${way})`),
  );

/** One cycle per file that lies in one, as "a → b → a". */
function cycles(checked: readonly SourceFile[], ways: readonly Way[]): string[] {
  const next = new Map(
    checked.map(({ path, imports }) => [
      path,
      imports.filter(({ way }) => ways.includes(way)).map(({ from }) => targetOf(path, from)),
    ]),
  );
  const found: string[] = [];
  for (const start of next.keys()) {
    const cameFrom = new Map<string, string>();
    const queue = [start];
    for (let at = queue.shift(); at !== undefined && !cameFrom.has(start); at = queue.shift()) {
      for (const target of next.get(at) ?? []) {
        if (!next.has(target) || cameFrom.has(target)) continue;
        cameFrom.set(target, at);
        queue.push(target);
      }
    }
    if (!cameFrom.has(start)) continue;
    const way = [start];
    for (let at = cameFrom.get(start); at !== undefined && at !== start; at = cameFrom.get(at))
      way.unshift(at);
    found.push([start, ...way].join(" → "));
  }
  return found;
}

const pathsWhere = (matches: (file: SourceFile) => boolean): string[] =>
  files.filter(matches).map(({ path }) => path);

describe("the reader of imports, on a file that has every sort of them", () => {
  const sample = `
    #!/usr/bin/env node
    import pLimit from "p-limit";
    import * as v from "valibot";
    import { a, type B } from "../core/time.ts"; // import "./not-in-a-comment.ts"
    import type { Store } from "../store/store.ts";
    import {
      long,
      longer,
    } from './quoted.ts';
    import "./effect.ts";
    import data from "./data.json" with { type: "json" };
    export { c } from "./c.ts";
    export type { D } from "./d.ts";
    export * from "./star.ts";
    /* import "./nor-here.ts" */
    const text = "see https://example.org"; const lazy = await import("./lazy.ts");
    const many = await Promise.all([import("./first.ts"), import("./second.ts")]);
    type E = import("./e.ts").E;
    let f: typeof import("./f.ts");
  `;

  it("finds each once, and knows types from values and from what is loaded later", () => {
    const found = Object.fromEntries(importsOf(sample).map(({ from, way }) => [from, way]));
    expect(found).toEqual({
      "p-limit": "value",
      valibot: "value",
      "../core/time.ts": "value",
      "../store/store.ts": "type",
      "./quoted.ts": "value",
      "./effect.ts": "value",
      "./data.json": "value",
      "./c.ts": "value",
      "./d.ts": "type",
      "./star.ts": "value",
      "./lazy.ts": "dynamic",
      "./first.ts": "dynamic",
      "./second.ts": "dynamic",
      "./e.ts": "type",
      "./f.ts": "type",
    });
    expect(importsOf(sample)).toHaveLength(15);
  });

  it("finds as many in the program as there are lines that end in a module's name", () => {
    for (const { path, text, imports } of files) {
      const code = without(text, "comments");
      const expected =
        (code.match(/\bfrom\s+["'][^"']+["'](\s+with\s*\{[^}]*\})?;/g)?.length ?? 0) +
        (code.match(/\bimport\(/g)?.length ?? 0) +
        (code.match(/^import\s+["']/gm)?.length ?? 0);
      expect([path, imports.length]).toEqual([path, expected]);
    }
  });

  it("notices what the table forbids", () => {
    const file = (path: string, text: string): SourceFile => ({
      path,
      part: partOf(path),
      text,
      imports: importsOf(text),
    });
    const wrong = [
      file("core/time.ts", 'import { z } from "valibot";'),
      file("core/units.ts", 'import type { Stats } from "node:fs";'),
      file("emissions/report.ts", 'import { cloudRegion } from "../zones/cloud-regions.ts";'),
      file("sources/http.ts", 'import type { Store } from "../store/store.ts";'),
      file("flows/grid/ingest.ts", 'import { createHttp } from "../../sources/http.ts";'),
      file("flows/grid/ingest.ts", 'const fs = await import("node:fs");'),
      file("cli/ingest.ts", 'import { readConfig } from "../config/config.ts";'),
      file("cli/ingest.ts", 'const { watttime } = await import("../sources/watttime.ts");'),
      file("cli/ingest.ts", 'import { planCalls } from "../ingest/plan-calls.ts";'),
      file("config/config.ts", 'import { createHttp } from "../sources/http.ts";'),
      file("sources/registry.ts", 'import { readConfig } from "../config/config.ts";'),
      file("ingest/windows.ts", 'import type { GridZone } from "../sources/source.ts";'),
      file("app/app.ts", 'import type { Command } from "../cli/main.ts";'),
      file("store/store.ts", 'import { engines } from "../../test/support/engines.ts";'),
    ];
    expect(forbiddenImports(wrong)).toHaveLength(wrong.length);
    const right = [
      file("core/time.ts", 'import { a } from "./units.ts";'),
      file("store/postgres.ts", 'import pg from "pg";'),
      file("flows/grid/ingest.ts", 'import type { Store } from "../../store/store.ts";'),
      file("cli/ingest.ts", 'const { readConfig } = await import("../config/config.ts");'),
      file("cli/ingest.ts", 'import type { Purpose } from "../ingest/plan-calls.ts";'),
      file("config/config.ts", 'import { SOURCES } from "../sources/registry.ts";'),
    ];
    expect(forbiddenImports(right)).toEqual([]);
  });

  it("notices a cycle over three files", () => {
    const file = (path: string, from: string): SourceFile => ({
      path,
      part: partOf(path),
      text: "",
      imports: [{ from, way: "value" }],
    });
    const round = [file("core/a.ts", "./b.ts"), file("core/b.ts", "./c.ts"), file("core/c.ts", "./a.ts")];
    expect(cycles(round, ANY_WAY)[0]).toBe("core/a.ts → core/b.ts → core/c.ts → core/a.ts");
    expect(cycles(round.slice(0, 2), ANY_WAY)).toEqual([]);
  });
});

describe("who may import whom", () => {
  it("every part of src stands in the table, and the table names nothing that is gone", () => {
    const parts = new Set(files.map(({ part }) => part));
    expect([...parts].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
    const named = Object.values(MAY_IMPORT).flatMap((rules) => Object.keys(rules));
    for (const target of named.filter((name) => !/^(npm|node):/.test(name))) {
      expect([target, existsSync(join(src, target))]).toEqual([target, true]);
    }
  });

  it.each(Object.keys(MAY_IMPORT))("%s imports what the table allows it, and no more", (part) => {
    expect(forbiddenImports(files.filter((file) => file.part === part))).toEqual([]);
  });

  it("the command line and the library's entrance are imported by nobody", () => {
    const isCli = (path: string): boolean => folderOf(path) === "cli";
    const importers = files.flatMap(({ path, imports }) =>
      imports
        .map(({ from }) => targetOf(path, from))
        .filter((target) => target === "index.ts" || (isCli(target) && !isCli(path)))
        .map((target) => `${path} → ${target}`),
    );
    expect(importers).toEqual([]);
  });

  it("no file of the program imports a test", () => {
    expect(pathsWhere(({ imports }) => imports.some(({ from }) => from.endsWith(".test.ts")))).toEqual([]);
  });

  it("files import one another without a cycle while they are loaded", () => {
    expect(cycles(files, ["value", "dynamic"])).toEqual([]);
  });

  it("nor is there a cycle among their types: each file can be understood before those that use it", () => {
    expect(cycles(files, ANY_WAY)).toEqual([]);
  });
});

describe("the shape of the files", () => {
  it("no folder is named after nothing in particular", () => {
    const names = paths.flatMap((path) => path.split("/")).map((name) => name.replace(/\.ts$/, ""));
    expect(names.filter((name) => /^(utils?|common|helpers?|misc|shared|lib)$/i.test(name))).toEqual([]);
  });

  it("files are named in kebab-case", () => {
    expect(
      paths.filter(
        (path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?(\.ts|\.sql|\.json)?$/.test(posix.basename(path)),
      ),
    ).toEqual([]);
  });

  it("nothing is exported by default", () => {
    expect(
      pathsWhere(({ text }) =>
        /\bexport\s+default\b|\bas\s+default\b|\bexport\s*=/.test(without(text, "comments and strings")),
      ),
    ).toEqual([]);
  });

  it("no file hands on all of another, and only index.ts hands on anything", () => {
    expect(
      pathsWhere(({ text }) => /\bexport\s+(type\s+)?\*/.test(without(text, "comments and strings"))),
    ).toEqual([]);
    expect(
      pathsWhere(
        ({ path, text }) =>
          path !== "index.ts" && /\bexport\s+(type\s+)?\{[^}]*\}\s*from\b/.test(without(text, "comments")),
      ),
    ).toEqual([]);
  });
});

describe("who does what", () => {
  it("config.ts alone reads the environment", () => {
    const readers = pathsWhere(
      ({ text, imports }) =>
        /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\s*\[|[{,]\s*env\b[^}]*\}\s*=\s*process\b|\bimport\.meta\.env\b/.test(
          without(text, "comments"),
        ) || imports.some(({ from }) => /^(node:)?process$/.test(from)),
    );
    expect(readers).toEqual(["config/config.ts"]);
  });

  it("files under store alone know SQL", () => {
    const speakers = pathsWhere(({ text }) => stringsOf(text).some((string) => SQL.test(string)));
    expect(speakers.filter((path) => partOf(path) !== "store")).toEqual([]);
    expect(speakers).not.toEqual([]);
    expect(paths.filter((path) => path.endsWith(".sql") && !path.startsWith("store/migrations/"))).toEqual(
      [],
    );
  });

  it("the clock of the machine is read by app, which hands it on, and by the lock that compares it with a file's", () => {
    const readers = pathsWhere(({ text }) =>
      /\bDate\.now\b|\bnew Date\(\s*\)/.test(without(text, "comments and strings")),
    );
    expect(readers.sort()).toEqual(["app/app.ts", "store/directory-lock.ts"]);
  });

  it.each(PURE)("%s is pure", (part) => {
    const impure = files
      .filter((file) => file.part === part)
      .flatMap(({ path, text }) =>
        without(text, "comments and strings")
          .split("\n")
          .flatMap((line) => IMPURE.exec(line)?.[0] ?? [])
          .map((word) => `${path}: ${word}`),
      );
    expect(files.some((file) => file.part === part)).toBe(true);
    expect(impure).toEqual([]);
  });

  it("pure would be noticed missing", () => {
    for (const line of [
      "const t = Date.now();",
      "new Date()",
      "Math.random()",
      "console.log(1)",
      "async () => {}",
    ]) {
      expect(IMPURE.test(line)).toBe(true);
    }
    expect(IMPURE.test("new Date(at).toISOString()")).toBe(false);
  });

  it("SQL would be noticed, and English is none", () => {
    for (const text of [
      "select *\nfrom readings",
      "INSERT INTO co2e_emissions",
      "delete from x",
      "update x set y = 1",
    ]) {
      expect(SQL.test(text)).toBe(true);
    }
    for (const text of [
      "Select a region. It comes",
      "update the script",
      "deleted on request",
      "created a table",
    ]) {
      expect(SQL.test(text)).toBe(false);
    }
  });
});
