import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { RULE_NAMES } from "../src/alert/rules/rule.ts";
import { EXIT } from "../src/cli/exit-codes.ts";
import { readConfig } from "../src/config/config.ts";
import { SOURCES } from "../src/sources/registry.ts";
import { isSecret } from "../src/sources/source.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Fenced blocks, with their language. */
function codeBlocks(markdown: string): { language: string; code: string }[] {
  return [...markdown.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].map(([, language = "", code = ""]) => ({
    language,
    code,
  }));
}
const withoutCode = (markdown: string): string => markdown.replace(/^ *```[\s\S]*?^ *```$/gm, "");

/** Text of the section under a heading, up to the next heading of the same or a higher level. */
function section(markdown: string, heading: string): string {
  const lines = markdown.split("\n");
  const start = lines.indexOf(heading);
  expect(start, `no heading "${heading}"`).toBeGreaterThanOrEqual(0);
  const level = /^#+/.exec(heading)?.[0].length ?? 1;
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${level}} `).test(line));
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The code in the first cells of the tables of a text: "| `A`, `B` | … |" → A, B. */
const firstCells = (markdown: string): string[] =>
  markdown
    .split("\n")
    .flatMap((line) => /^\|([^|]*)\|/.exec(line)?.[1] ?? [])
    .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code ?? []));

// ---- Commands

interface CommandHelp {
  readonly path: readonly string[];
  readonly options: readonly string[];
}

/** Every command of the program, by walking its help. */
function commandsBelow(path: readonly string[]): CommandHelp[] {
  const help = execFileSync("node", [join(ROOT, "dist/co2e.js"), ...path, "--help"], {
    encoding: "utf8",
  });
  const block = (title: string): string => new RegExp(`^${title}:\n((?: +.*\n)*)`, "m").exec(help)?.[1] ?? "";
  // Also those under headings of their own.
  const options = [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].flatMap(([, name]) => name ?? []);
  const below = [...block("Commands").matchAll(/^ {2}([\w-]+)/gm)].flatMap(([, name]) => name ?? []);
  return [
    { path, options },
    ...below.filter((name) => name !== "help").flatMap((name) => commandsBelow([...path, name])),
  ];
}

it("every command and option is documented, and no other", () => {
  const commandsDoc = read("docs/commands.md");
  const commands = commandsBelow([]);
  expect(commands.length).toBeGreaterThan(5);
  for (const { path, options } of commands) {
    const heading = `## ${["co2e", ...path].join(" ")}`;
    const documented = firstCells(section(commandsDoc, heading))
      .map((cell) => cell.split(" ")[0] ?? "")
      .filter((cell) => cell.startsWith("--"));
    const own = path.length === 0 ? options : options.filter((name) => name !== "--help");
    expect([...new Set(documented)].sort(), heading).toEqual([...own].sort());
  }
  const names = commands.map(({ path }) => ["co2e", ...path].join(" "));
  const documentedNames = [...commandsDoc.matchAll(/^## (co2e.*)$/gm)].map(([, name]) => name);
  expect(documentedNames.sort()).toEqual(names.sort());
});

// ---- Settings

const configSource = read("src/config/config.ts");

it("the environment is read in config.ts alone", () => {
  const others = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ts$/.test(name) && !/\.test\.ts$/.test(name) && name !== "config/config.ts")
    .filter((name) => read(join("src", name)).includes("process.env"));
  expect(others).toEqual([]);
});

it("every environment variable is documented, and no other", () => {
  const variables = [
    ...[...configSource.matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g)].map(([, name]) => name),
    ...SOURCES.flatMap(({ settings }) => settings.map(({ variable }) => variable)),
  ];
  expect(variables).toEqual(expect.arrayContaining(["DATABASE_URL", "WATTTIME_PASSWORD"]));
  const documented = firstCells(section(read("docs/configuration.md"), "## Environment variables"));
  expect(documented.sort()).toEqual([...new Set(variables)].sort());
});

it("every key of co2e.yaml is documented, and no other", () => {
  const schemas =
    (/const RegionSettings[\s\S]*?interface FileSettings/.exec(read("src/config/file.ts"))?.[0] ?? "") +
    read("src/config/file-alerts.ts") +
    read("src/config/file-jobs.ts");
  const keys = [...schemas.matchAll(/^\s+(\w+): (?:v\.|[A-Z]\w*,$)/gm)].map(([, key]) => key);
  expect(keys).toContain("whPerRequest");
  const documented = firstCells(section(read("docs/configuration.md"), "## co2e.yaml"))
    .flatMap((path) => path.split("."))
    .filter((part) => part !== "<name>");
  expect([...new Set(documented)].sort()).toEqual([...new Set(keys)].sort());
});

it("the examples of co2e.yaml can be read", async () => {
  const examples = ["docs/configuration.md", "docs/alerts.md"]
    .flatMap((path) => codeBlocks(read(path)))
    .filter(({ language }) => language === "yaml");
  expect(examples.length).toBeGreaterThan(0);
  const directory = mkdtempSync(join(tmpdir(), "co2e-docs-"));
  try {
    for (const { code } of examples) {
      const path = join(directory, "co2e.yaml");
      writeFileSync(path, code);
      await expect(readConfig({ CO2E_CONFIG: path })).resolves.toBeDefined();
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it("the defaults in the documents are those of the program", async () => {
  const defaultsIn = (heading: string) =>
    new Map(
      section(read("docs/configuration.md"), heading)
        .split("\n")
        .flatMap((line) => {
          const [, name, value] = /^\| `([\w.<>]+)` \| `?([^`|]*?)`? \|/.exec(line) ?? [];
          return name === undefined || value === undefined ? [] : [[name, value] as const];
        }),
    );
  const rows = defaultsIn("## Environment variables");
  const directory = mkdtempSync(join(tmpdir(), "co2e-docs-"));
  const empty = join(directory, "empty.yaml");
  writeFileSync(empty, "");
  const settings = SOURCES.flatMap((source) => source.settings);
  const config = await readConfig({
    CO2E_CONFIG: empty,
    ...Object.fromEntries(settings.filter(isSecret).map(({ variable }) => [variable, "k"])),
  });
  rmSync(directory, { recursive: true });
  expect({
    CO2E_TIMEOUT_MS: rows.get("CO2E_TIMEOUT_MS"),
    CO2E_RETRY_DELAY_MS: rows.get("CO2E_RETRY_DELAY_MS"),
    CO2E_LOG_LEVEL: rows.get("CO2E_LOG_LEVEL"),
    CO2E_SOURCES: rows.get("CO2E_SOURCES"),
    ...Object.fromEntries(
      settings.filter((one) => !isSecret(one)).map(({ variable }) => [variable, rows.get(variable)]),
    ),
  }).toEqual({
    CO2E_TIMEOUT_MS: String(config.http.timeoutMs),
    CO2E_RETRY_DELAY_MS: String(config.http.retryDelayMs),
    CO2E_LOG_LEVEL: config.logLevel,
    CO2E_SOURCES: "all of them",
    ...Object.fromEntries(
      Object.values(config.sourceSettings)
        .flatMap((values) => Object.entries(values))
        .filter(([variable]) => !settings.some((one) => one.variable === variable && isSecret(one))),
    ),
  });
  const keys = defaultsIn("## co2e.yaml");
  const names = ["factorType", "basis", "lookBackHours", "staleAfterHours", "annualMeans"] as const;
  expect(names.map((name) => keys.get(name))).toEqual(names.map((name) => String(config[name])));
  expect(Object.keys(config.retention).map((name) => keys.get(`retention.${name}`))).toEqual(
    Object.values(config.retention).map(String),
  );
});

it("the order in which the sources are asked by default stands in the documents, and so does each source", () => {
  const names = SOURCES.map(({ description }) => description.name);
  const configuration = section(read("docs/configuration.md"), "### Order of the sources");
  expect(configuration).toContain(names.map((name) => `\`${name}\``).join(", "));
  const sources = read("docs/sources.md");
  expect(names.filter((name) => !sources.includes(name))).toEqual([]);
  const limits = new Map(
    section(read("docs/configuration.md"), "### Request budgets")
      .split("\n")
      .flatMap((line) => {
        const [, name, perMinute, perDay] = /^\| (\w+) \| (\w+) \| (\w+) \|$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, [perMinute, perDay]] as const];
      }),
  );
  for (const { name, quota } of SOURCES.map(({ description }) => description)) {
    const text = (limit: number | null): string => (limit === null ? "none" : String(limit));
    expect([name, limits.get(name)]).toEqual([name, [text(quota.perMinute), text(quota.perDay)]]);
  }
});

it("every rule of alerts is documented, and its messages lead to a section of the runbook", () => {
  expect(firstCells(section(read("docs/alerts.md"), "## Rules"))).toEqual([...RULE_NAMES]);
  const anchors = anchorsOf(join(ROOT, "docs/runbook.md"));
  expect(RULE_NAMES.filter((rule) => !anchors.includes(rule))).toEqual([]);
});

// ---- Figures

it("the profiles in the methodology are those of the program", async () => {
  const { SERVICE_PROFILES } = await import("../src/emissions/profiles.ts");
  const table = section(read("docs/methodology.md"), "## Energy");
  for (const [name, profile] of Object.entries(SERVICE_PROFILES)) {
    expect(table).toContain(`| ${name} | ${profile.wh_per_request} | ${profile.description} |`);
  }
});

it("the confidence table in the methodology is that of the rule", async () => {
  const { CONFIDENCE, CONFIDENCE_OTHER_BASIS, ACCEPT_RULE_VERSION } = await import("../src/ingest/accept.ts");
  const methodology = read("docs/methodology.md");
  const table = section(methodology, "## Confidence");
  for (const [kind, confidence] of Object.entries(CONFIDENCE)) {
    expect(table).toContain(`| ${kind} | ${confidence.toFixed(2)} |`);
  }
  expect(table).toContain(`at most ${CONFIDENCE_OTHER_BASIS.toFixed(2)}`);
  expect(section(methodology, "## The accept rule")).toContain(`version ${ACCEPT_RULE_VERSION}`);
  // What stands in at calculation time has its place in the table too.
  expect(table).toMatch(/^\| annual \| 0\.30 \|/m);
});

it("the exit codes in the README are those of the program", () => {
  const codes = [...section(read("README.md"), "## Exit codes").matchAll(/^\| (\d+) \|/gm)].map(([, code]) =>
    Number(code),
  );
  expect(codes).toEqual(Object.values(EXIT));
  const inCommands = [...section(read("docs/commands.md"), "## Exit codes").matchAll(/^\| (\d+) \|/gm)];
  expect(inCommands.map(([, code]) => Number(code))).toEqual(Object.values(EXIT));
});

// ---- Texts

it("the npm scripts that the documents name exist", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const readme = read("README.md");
  expect(readme).toContain("npm ci && npm start");
  expect(readme).toContain("npm ci && npm test");
  const named = DOCUMENTS.flatMap((path) => [
    ...read(path).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g),
  ]).flatMap(([, script, short]) => script ?? short ?? []);
  expect(named).toEqual(expect.arrayContaining(["start", "test", "check", "fix"]));
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/[`*]/g, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (path: string): string[] =>
  [...withoutCode(readFileSync(path, "utf8")).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    anchorOf(heading),
  );

it("relative links and anchors lead somewhere", () => {
  const broken: string[] = [];
  let count = 0;
  for (const document of DOCUMENTS) {
    const path = join(ROOT, document);
    const text = withoutCode(read(document));
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
    for (const [, target = ""] of targets) {
      if (/^https?:/.test(target)) continue;
      count++;
      const [file = "", anchor] = target.split("#");
      const linked = file === "" ? path : resolve(dirname(path), file);
      const found =
        existsSync(linked) &&
        !relative(ROOT, linked).startsWith("..") &&
        (anchor === undefined || anchorsOf(linked).includes(anchor));
      if (!found) broken.push(`${document}: ${target}`);
    }
  }
  expect(count).toBeGreaterThan(30);
  expect(broken).toEqual([]);
});

it("no line of the documents is longer than 120 characters", () => {
  const long = DOCUMENTS.flatMap((document) =>
    read(document)
      .split("\n")
      .flatMap((line, index) => ([...line].length > 120 ? [`${document}:${index + 1}`] : [])),
  );
  expect(long).toEqual([]);
});

it("the example file says the defaults", async () => {
  const example = await readConfig({
    CO2E_CONFIG: join(ROOT, "co2e.example.yaml"),
    CO2E_DATA_DIR: "memory:",
  });
  expect(example).toEqual({ ...(await readConfig({ CO2E_DATA_DIR: "memory:" })), hasFile: true });
});
