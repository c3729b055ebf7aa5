import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "../core/errors.ts";

/** Who holds a data directory. `startedTicks` tells a process from a later one that got the same pid. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly startedTicks: string | null;
}

const CLAIM_PREFIX = "co2e-lock-";
/** A holder on another machine cannot be asked whether it lives: it touches its claim this often, */
const HEARTBEAT_MS = 30_000;
/** and is taken for dead when it has not for this long. */
const FOREIGN_DEAD_AFTER_MS = 5 * 60_000;

/** How long a call waits for another call of its own process. */
const OWN_WAIT_MS = 60_000;

/** Takes `directory` for this process and returns the function that gives it back.
 *
 *  Each process writes a claim of its own name and then looks for claims of living others. A name is never used twice, so
 *  removing the claim of a dead process cannot hit a living one, and two that claim at the same moment both see each other:
 *  both withdraw and try again after a random wait. Calls of one process wait for each other. Throws StoreError "locked" with
 *  the holder's pid. */
export async function lockDirectory(directory: string): Promise<() => void> {
  mkdirSync(directory, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const name = `${CLAIM_PREFIX}${process.pid}-${randomBytes(6).toString("hex")}`;
    const path = join(directory, name);
    const self: Holder = { pid: process.pid, host: hostname(), startedTicks: startedTicks(process.pid) };
    writeFileSync(path, JSON.stringify(self), { flag: "wx", mode: 0o600 });
    const other = livingHolder(directory, name);
    if (!other) {
      const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS);
      heartbeat.unref();
      const onExit = () => remove(path);
      process.once("exit", onExit);
      return () => {
        clearInterval(heartbeat);
        process.off("exit", onExit);
        remove(path);
      };
    }
    remove(path);
    const isOurs = other.pid === process.pid && other.host === hostname();
    // Another call of this very process: it will be done soon, and two of them are no mistake.
    if (isOurs ? attempt * 50 > OWN_WAIT_MS : attempt === 3) {
      const where = other.host === hostname() ? "" : ` on ${other.host}`;
      throw new StoreError(
        "locked",
        `The data directory ${directory} is in use by process ${other.pid}${where}. ` +
          "Wait until it ends, set CO2E_DATA_DIR to another folder, or set DATABASE_URL to use PostgreSQL.",
      );
    }
    await sleep(isOurs ? 50 : 10 + Math.random() * 60);
  }
}

function livingHolder(directory: string, ownName: string): Holder | undefined {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(CLAIM_PREFIX) || name === ownName) continue;
    const path = join(directory, name);
    const holder = readHolder(path);
    if (!holder) continue;
    if (isAlive(holder, path)) return holder;
    remove(path);
  }
  return undefined;
}

/** The claim's content; undefined when it was withdrawn meanwhile. A claim cut short by a crash holds its pid in its name. */
function readHolder(path: string): Holder | undefined {
  try {
    const text = readFileSync(path, "utf8");
    if (text.endsWith("}")) return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
  const pid = Number(new RegExp(`${CLAIM_PREFIX}(\\d+)-`).exec(path)?.[1]);
  return { pid, host: hostname(), startedTicks: null };
}

function isAlive(holder: Holder, path: string): boolean {
  if (holder.host !== hostname()) {
    try {
      return Date.now() - statSync(path).mtimeMs < FOREIGN_DEAD_AFTER_MS;
    } catch {
      return false;
    }
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    if ((error as { code?: string }).code !== "EPERM") return false;
  }
  const ticks = startedTicks(holder.pid);
  return holder.startedTicks === null || ticks === null || ticks === holder.startedTicks;
}

/** When a process started, as Linux counts it, with the boot it counts from; null elsewhere. */
function startedTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}:${afterName[19]}`;
  } catch {
    return null;
  }
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // The folder went away; whoever removed it had a reason.
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Already gone.
  }
}
