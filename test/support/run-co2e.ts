import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";
import { SOURCES } from "../../src/sources/registry.ts";

export const CLI = resolve("dist/co2e.js");

export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** What it printed on stdout so far. */
  output(): string;
  /** The first whole line of stdout. */
  readonly firstLine: Promise<string>;
  readonly ended: Promise<Run>;
}

/** Some sources need no key: without this a test would reach the network. Nothing listens on port 9. */
export const NO_NETWORK: Readonly<Record<string, string>> = Object.fromEntries(
  SOURCES.flatMap(({ settings }) => settings)
    .filter(({ kind }) => kind === "url")
    .map(({ variable, fallback }) => [
      variable,
      `http://127.0.0.1:9${/\/v\d$/.exec(fallback ?? "")?.[0] ?? ""}`,
    ]),
);

/** Starts the built program with nothing of this machine's settings but PATH and `env`, and no source that it could reach
 *  unless `env` names one. */
export function startCo2e(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  options: { stdin?: string | Buffer; cwd?: string } = {},
): Started {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env.PATH ?? "", HOME: tmpdir(), ...NO_NETWORK, ...env },
    cwd: options.cwd ?? tmpdir(),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let tellFirstLine: (line: string) => void;
  const firstLine = new Promise<string>((tell) => {
    tellFirstLine = tell;
  });
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    const end = stdout.indexOf("\n");
    if (end >= 0) tellFirstLine(stdout.slice(0, end));
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  return {
    pid: child.pid ?? 0,
    kill: (signal) => child.kill(signal),
    output: () => stdout,
    firstLine,
    ended: new Promise((done) => child.once("close", (exitCode) => done({ exitCode, stdout, stderr }))),
  };
}

export const runCo2e = (...parameters: Parameters<typeof startCo2e>): Promise<Run> =>
  startCo2e(...parameters).ended;

/** A folder of the test's own, removed when its file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "co2e-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
