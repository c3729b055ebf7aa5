import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((candidate) => existsSync(candidate));

/** The machine's Prometheus with its tool; undefined where there is none. */
export const PROMETHEUS = ((): { server: string; tool: string } | undefined => {
  const server = onPath("prometheus");
  const tool = onPath("promtool");
  return server === undefined || tool === undefined ? undefined : { server, tool };
})();

if (PROMETHEUS === undefined && process.env.CO2E_REQUIRE_ALL === "1")
  throw new Error(
    "CO2E_REQUIRE_ALL=1, and no prometheus and promtool on the PATH: apt-get install prometheus",
  );

export interface RunningPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a real Prometheus that scrapes nothing and holds this history, in the OpenMetrics text format. */
export function startPrometheus(openMetrics: string): Promise<RunningPrometheus> {
  return start("global: {}\n", ({ folder, data, tool }) => {
    writeFileSync(join(folder, "history.om"), openMetrics);
    execFileSync(tool, ["tsdb", "create-blocks-from", "openmetrics", join(folder, "history.om"), data], {
      stdio: "pipe",
    });
  });
}

/** Starts a real Prometheus that scrapes /metrics of `target` ("127.0.0.1:8080") every second, with a bearer token if one is
 *  given. It begins about 6 s after its start. */
export const startScrapingPrometheus = (target: string, token?: string): Promise<RunningPrometheus> =>
  start(
    JSON.stringify({
      global: { scrape_interval: "1s", scrape_timeout: "1s" },
      scrape_configs: [
        {
          job_name: "co2e",
          static_configs: [{ targets: [target] }],
          ...(token === undefined ? {} : { authorization: { credentials: token } }),
        },
      ],
    }),
    () => {},
  );

async function start(
  config: string,
  prepare: (where: { readonly folder: string; readonly data: string; readonly tool: string }) => void,
): Promise<RunningPrometheus> {
  if (PROMETHEUS === undefined) throw new Error("this machine has no Prometheus");
  const folder = mkdtempSync(join(tmpdir(), "co2e-prometheus-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    writeFileSync(join(folder, "prometheus.yml"), config);
    const data = join(folder, "data");
    prepare({ folder, data, tool: PROMETHEUS.tool });
    const port = await freePort();
    const server = spawn(
      PROMETHEUS.server,
      [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${data}`,
        "--storage.tsdb.retention.time=100y",
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=error",
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const ended = new Promise<void>((done) => server.once("exit", () => done()));
    const stop = async (): Promise<void> => {
      server.kill("SIGTERM");
      await ended;
      remove();
    };
    const url = `http://127.0.0.1:${port}`;
    for (let attempt = 0; attempt < 100; attempt++) {
      if (await isReady(url)) return { url, stop };
      await sleep(100);
    }
    await stop();
    throw new Error("Prometheus was not ready within 10 s");
  } catch (error) {
    remove();
    throw error;
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/-/ready`).then(
    (answer) => answer.ok,
    () => false,
  );

const freePort = (): Promise<number> =>
  new Promise((done, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
