import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDirectory } from "./directory-lock.ts";
import { openPglite } from "./pglite.ts";

const HOLD_DIRECTORY = fileURLToPath(new URL("../../test/support/hold-directory.ts", import.meta.url));

let directory: string;
const children: Opener[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "co2e-lock-test-"));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
  rmSync(directory, { recursive: true, force: true });
});

/** A process of its own that takes the directory when told to. */
interface Opener {
  readonly pid: number;
  /** Tells it to take the directory: "locked", or the message with which it was refused. */
  open(): Promise<string>;
  /** Tells it to give the directory back. */
  release(): Promise<void>;
  /** Ends it by SIGKILL: it cannot tidy up. */
  kill(): Promise<void>;
}

async function opener(): Promise<Opener> {
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", HOLD_DIRECTORY, directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (!child.stdout || !child.stdin) throw new Error("no pipes");
  const { stdin } = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => String((await lines.next()).value);
  const exited = once(child, "exit");
  expect(await answer()).toBe("ready");
  const self: Opener = {
    pid: child.pid ?? 0,
    open: () => {
      stdin.write("open\n");
      return answer();
    },
    release: async () => {
      stdin.write("release\n");
      expect(await answer()).toBe("released");
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
  children.push(self);
  return self;
}

const claims = (): string[] => readdirSync(directory).filter((name) => name.startsWith("co2e-lock-"));

describe("the lock on a data directory", () => {
  it("a second opener is refused at once, and the message names the holder's pid and what to do", async () => {
    const holder = await opener();
    expect(await holder.open()).toBe("locked");
    const began = performance.now();
    await expect(lockDirectory(directory)).rejects.toMatchObject({
      name: "StoreError",
      kind: "locked",
      message: expect.stringMatching(
        new RegExp(`${directory} is in use by process ${holder.pid}\\..*CO2E_DATA_DIR.*DATABASE_URL`),
      ),
    });
    // At once: three looks with less than 70 ms between them, not a wait for the holder.
    expect(performance.now() - began).toBeLessThan(2000);
    expect(claims()).toHaveLength(1);
  });

  it("the embedded database itself is refused to a second process", async () => {
    const holder = await opener();
    expect(await holder.open()).toBe("locked");
    await expect(openPglite(directory)).rejects.toMatchObject({ name: "StoreError", kind: "locked" });
    expect(existsSync(join(directory, "pglite"))).toBe(false);
  });

  it("calls of one process wait for each other, one at a time", async () => {
    let holders = 0;
    let most = 0;
    const use = async () => {
      const release = await lockDirectory(directory);
      most = Math.max(most, ++holders);
      await Promise.resolve();
      holders--;
      release();
    };
    await Promise.all([use(), use(), use()]);
    expect(most).toBe(1);
    expect(claims()).toEqual([]);
  });

  it("giving it back lets the next one in, and leaves nothing behind", async () => {
    const holder = await opener();
    expect(await holder.open()).toBe("locked");
    await holder.release();
    expect(claims()).toEqual([]);
    const release = await lockDirectory(directory);
    expect(await holder.open()).toMatch(new RegExp(`process ${process.pid}\\.`));
    release();
    release();
    expect(claims()).toEqual([]);
    expect(await holder.open()).toBe("locked");
  });

  it("a process that ends without giving it back gives it back", async () => {
    const holder = await opener();
    expect(await holder.open()).toBe("locked");
    await holder.kill();
    expect(claims()).toHaveLength(1);
    // The lock of a killed process is stale; the next one takes it over and tidies up.
    const release = await lockDirectory(directory);
    expect(claims()).toHaveLength(1);
    expect(claims()[0]).toContain(`-${process.pid}-`);
    release();
  });

  it("a claim that a crash cut short counts by the pid in its name", async () => {
    const dead = await opener();
    await dead.kill();
    writeFileSync(join(directory, `co2e-lock-${dead.pid}-abc`), "");
    (await lockDirectory(directory))();
    const living = await opener();
    writeFileSync(join(directory, `co2e-lock-${living.pid}-abc`), '{"pid":');
    await expect(lockDirectory(directory)).rejects.toThrow(new RegExp(`process ${living.pid}\\.`));
  });

  it.runIf(process.platform === "linux")(
    "a later process with the pid of a dead holder is not taken for it",
    async () => {
      // Our own pid, but a start that is not ours: the holder died and its number was given out again.
      const holder = { pid: process.pid, host: hostname(), startedTicks: "another-boot:1" };
      writeFileSync(join(directory, `co2e-lock-${process.pid}-old`), JSON.stringify(holder));
      const release = await lockDirectory(directory);
      expect(claims()).toHaveLength(1);
      release();
    },
  );

  it("a holder on another machine counts as long as it shows signs of life", async () => {
    const path = join(directory, "co2e-lock-1-abc");
    writeFileSync(path, JSON.stringify({ pid: 1, host: "another-machine", startedTicks: null }));
    await expect(lockDirectory(directory)).rejects.toThrow(/process 1 on another-machine/);
    // Ten minutes without a touch, where a living one touches every 30 seconds.
    const tenMinutesAgo = new Date(Date.now() - 10 * 60_000);
    utimesSync(path, tenMinutesAgo, tenMinutesAgo);
    (await lockDirectory(directory))();
    expect(claims()).toEqual([]);
  });

  it("takes no notice of other files in the directory", async () => {
    writeFileSync(join(directory, "notes.txt"), "co2e-lock-1-abc");
    mkdirSync(join(directory, "pglite"));
    (await lockDirectory(directory))();
  });

  it("makes the directory when it is not there", async () => {
    const deep = join(directory, "not", "yet");
    (await lockDirectory(deep))();
    expect(existsSync(deep)).toBe(true);
  });

  it("a place where no directory can be made is a StoreError that names it", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    await expect(openPglite(join(file, "data"))).rejects.toMatchObject({
      name: "StoreError",
      kind: "unreachable",
      message: expect.stringContaining(join(file, "data")),
    });
  });

  it("of eight processes that start at once exactly one gets it, in every one of ten rounds", async () => {
    const openers = await Promise.all(Array.from({ length: 8 }, opener));
    const winners: number[] = [];
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(openers.map((child) => child.open()));
      const locked = answers.filter((answer) => answer === "locked").length;
      // Two would destroy the data without an error: this is what must never be.
      expect(locked).toBeLessThanOrEqual(1);
      winners.push(locked);
      const holder = openers.find((_, index) => answers[index] === "locked");
      for (const answer of answers.filter((text) => text !== "locked"))
        expect(answer).toMatch(/in use by process/);
      await holder?.release();
    }
    expect(winners).toEqual(Array(10).fill(1));
  });

  it("eight processes that each try until they get it all get it, one after the other", async () => {
    const openers = await Promise.all(Array.from({ length: 8 }, opener));
    let inside = 0;
    let most = 0;
    const turn = async (child: Opener): Promise<void> => {
      for (let attempt = 0; attempt < 200; attempt++) {
        if ((await child.open()) !== "locked") continue;
        inside++;
        most = Math.max(most, inside);
        inside--;
        await child.release();
        return;
      }
      throw new Error("never got in");
    };
    await Promise.all(openers.map(turn));
    expect(most).toBe(1);
    expect(claims()).toEqual([]);
  });
});
