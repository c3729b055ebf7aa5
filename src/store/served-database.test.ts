import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryDatabase } from "../../test/support/memory-database.ts";
import { temporaryFolder } from "../../test/support/run-co2e.ts";
import type { Database } from "./database.ts";
import {
  answerQuery,
  findAddress,
  isServing,
  leaveAddress,
  type ServedQuery,
  servedDatabase,
} from "./served-database.ts";

const folder = temporaryFolder();
const address = { url: "http://127.0.0.1:9", token: "t", pid: 4711 };
let database: Database;

beforeAll(async () => {
  database = await memoryDatabase();
  await database.script("create table note (text text); insert into note values ('one'), ('two')");
});
afterAll(() => database.close());

/** The server's side, without a network between. */
const throughServer = (async (_url, init) => {
  const query = JSON.parse(String(init?.body)) as ServedQuery;
  return new Response(JSON.stringify(await answerQuery(database, query)));
}) as typeof fetch;

const refused = (() => Promise.reject(new TypeError("fetch failed"))) as typeof fetch;

describe("an embedded database that a server holds", () => {
  it("is read through the server", async () => {
    const served = servedDatabase(folder, address, throughServer);
    expect(await served.query("select text from note where text <> $1 order by text", ["one"])).toEqual([
      { text: "two" },
    ]);
    expect(
      await served.transaction((queries) => queries.query("select count(*)::int as n from note")),
    ).toEqual([{ n: 2 }]);
    expect(await isServing(address, throughServer)).toBe(true);
  });

  it("is not changed through it: the refusal names the server and what to do", async () => {
    const served = servedDatabase(folder, address, throughServer);
    for (const change of [
      "insert into note values ('three')",
      "with gone as (delete from note returning 1) select count(*) from gone",
      "create table other (n int)",
    ])
      await expect(served.query(change)).rejects.toMatchObject({
        kind: "locked",
        message: expect.stringMatching(/server at http:\/\/127.0.0.1:9 \(process 4711\).*Stop the server/),
      });
    await expect(served.script("delete from note")).rejects.toMatchObject({ kind: "locked" });
    expect(await database.query("select count(*)::int as n from note")).toEqual([{ n: 2 }]);
  });

  it("takes one statement at a time: none can end the transaction that protects it", async () => {
    const served = servedDatabase(folder, address, throughServer);
    await expect(served.query("select 1; commit; delete from note")).rejects.toMatchObject({
      kind: "failed",
    });
    expect(await database.query("select count(*)::int as n from note")).toEqual([{ n: 2 }]);
  });

  it("a mistake in a statement is told as the database tells it", async () => {
    const served = servedDatabase(folder, address, throughServer);
    await expect(served.query("select * from nowhere")).rejects.toMatchObject({
      kind: "failed",
      message: expect.stringContaining("nowhere"),
    });
  });

  it("a server that does not answer serves nothing", async () => {
    expect(await isServing(address, refused)).toBe(false);
    await expect(servedDatabase(folder, address, refused).query("select 1")).rejects.toMatchObject({
      kind: "unreachable",
    });
  });
});

describe("the address that a server leaves in its directory", () => {
  it("is for its owner alone, and goes with the server", () => {
    const remove = leaveAddress(folder, address);
    expect(findAddress(folder)).toEqual(address);
    expect(statSync(join(folder, "co2e-server.json")).mode & 0o777).toBe(0o600);
    remove();
    expect(existsSync(join(folder, "co2e-server.json"))).toBe(false);
    expect(findAddress(folder)).toBeUndefined();
  });

  it("of a server that crashed is replaced by the next one", () => {
    leaveAddress(folder, { ...address, pid: 1 });
    const remove = leaveAddress(folder, address);
    expect(findAddress(folder)?.pid).toBe(4711);
    remove();
  });
});
