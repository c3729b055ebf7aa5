import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { inspect } from "node:util";
import { afterEach, describe, expect, inject, it } from "vitest";
import { onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { emptyDatabase } from "../../test/support/store-data.ts";
import type { Database } from "./database.ts";
import { openPostgres } from "./postgres.ts";

const PASSWORD = "s3cret-Pa55word";

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
};

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that talks just enough PostgreSQL to ask for a password and refuse it. */
async function serverThatRefusesPasswords(): Promise<number> {
  const server = createServer((socket) => {
    let step = 0;
    socket.on("error", () => {});
    socket.on("data", () => {
      step++;
      // To the start-up message: AuthenticationCleartextPassword. To the password: an error of class 28.
      if (step === 1) socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
      else {
        const fields = Buffer.from(
          'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "carbon"\0\0',
        );
        const length = Buffer.alloc(4);
        length.writeUInt32BE(fields.length + 4);
        socket.end(Buffer.concat([Buffer.from("E"), length, fields]));
      }
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return portOf(server);
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

async function failureOf(url: string): Promise<Error> {
  try {
    await (await openPostgres(url)).close();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it opened");
}

/** Nothing that a log or a crash would print of it holds the password. */
function expectNoPassword(error: Error, ...secrets: string[]): void {
  for (const secret of [PASSWORD, ...secrets]) {
    expect(error.message).not.toContain(secret);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(secret);
  }
}

describe("opening PostgreSQL", () => {
  it("a port where nobody listens is unreachable, named with host, port and database, without the password", async () => {
    const port = await closedPort();
    const error = await failureOf(`postgresql://carbon:${PASSWORD}@127.0.0.1:${port}/teei_csr`);
    expect(error).toMatchObject({ name: "StoreError", kind: "unreachable" });
    expect(error.message).toMatch(
      new RegExp(`127\\.0\\.0\\.1:${port}/teei_csr.*ECONNREFUSED.*Check DATABASE_URL`),
    );
    expectNoPassword(error);
  });

  it("localhost, which has two addresses, says why as well", async () => {
    const error = await failureOf(`postgresql://carbon:${PASSWORD}@localhost:${await closedPort()}/teei_csr`);
    expect(error).toMatchObject({ name: "StoreError", kind: "unreachable" });
    expect(error.message).toMatch(/ECONNREFUSED/);
    expectNoPassword(error);
  });

  it("a host that does not exist is unreachable", async () => {
    const error = await failureOf(`postgresql://carbon:${PASSWORD}@no-such-host.invalid/teei_csr`);
    expect(error).toMatchObject({ name: "StoreError", kind: "unreachable" });
    expect(error.message).toMatch(/no-such-host\.invalid\/teei_csr/);
    expectNoPassword(error);
  });

  it("a server that hangs up in the middle of the greeting is unreachable", async () => {
    const server = createServer((socket) => socket.destroy());
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const error = await failureOf(`postgresql://carbon:${PASSWORD}@127.0.0.1:${portOf(server)}/teei_csr`);
    expect(error).toMatchObject({ name: "StoreError", kind: "unreachable" });
    expectNoPassword(error);
  });

  it("a bad password is said to be one, and is not repeated", async () => {
    const port = await serverThatRefusesPasswords();
    // As it stands in a URL, and as it is: a password with a slash is written %2F.
    const error = await failureOf(`postgresql://carbon:${PASSWORD}%2F9@127.0.0.1:${port}/teei_csr`);
    expect(error).toMatchObject({ name: "StoreError", kind: "unreachable" });
    expect(error.message).toMatch(/password authentication failed for user "carbon".*Check DATABASE_URL/);
    expectNoPassword(error, `${PASSWORD}/9`, `${PASSWORD}%2F9`);
  });

  it("a password given as a parameter of the address is not repeated either", async () => {
    const port = await closedPort();
    const error = await failureOf(`postgresql://127.0.0.1:${port}/teei_csr?user=carbon&password=${PASSWORD}`);
    expect(error).toMatchObject({ name: "StoreError", kind: "unreachable" });
    expectNoPassword(error);
  });

  it("an address that cannot be read is a StoreError, and is not repeated", async () => {
    // The password holds a slash that should have been written %2F.
    const error = await failureOf(`postgresql://carbon:${PASSWORD}/9@127.0.0.1:5432/teei_csr`);
    expectNoPassword(error);
    expect(error).toMatchObject({ name: "StoreError", kind: "unreachable" });
  });
});

onEachEngine((engine) => {
  describe("a transaction", () => {
    it("rolls back all of its work when it fails, passes the failure on, and leaves the database usable", async () => {
      const database = await emptyDatabase(engine);
      await database.script("create table fact (x int)");
      const failure = new Error("changed my mind");
      await expect(
        database.transaction(async (queries) => {
          await queries.query("insert into fact values (1)");
          await queries.query("insert into fact values (2)");
          throw failure;
        }),
      ).rejects.toBe(failure);
      expect(await database.query("select x from fact")).toEqual([]);
      await database.transaction((queries) => queries.query("insert into fact values (3)"));
      expect(await database.query("select x from fact")).toEqual([{ x: 3 }]);
    });

    it("rolls back when a statement is refused, and names the reason as a StoreError", async () => {
      const database = await emptyDatabase(engine);
      await database.script("create table fact (x int check (x > 0))");
      await expect(
        database.transaction(async (queries) => {
          await queries.query("insert into fact values ($1)", [1]);
          await queries.query("insert into fact values ($1)", [-1]);
        }),
      ).rejects.toMatchObject({
        name: "StoreError",
        kind: "failed",
        message: expect.stringMatching(/fact_x_check/),
      });
      expect(await database.query("select x from fact")).toEqual([]);
    });

    it("does not commit half when its work swallows a refusal", async () => {
      const database = await emptyDatabase(engine);
      await database.script("create table fact (x int check (x > 0))");
      await database
        .transaction(async (queries) => {
          await queries.query("insert into fact values (1)");
          await queries.query("insert into fact values (-1)").catch(() => {});
        })
        .catch(() => {});
      expect(await database.query("select x from fact")).toEqual([]);
    });

    it("gives its result", async () => {
      const database = await emptyDatabase(engine);
      expect(await database.transaction(async () => 42)).toBe(42);
    });
  });

  it("the session's time zone is UTC", async () => {
    const database = await emptyDatabase(engine);
    expect(await database.query("select current_setting('TimeZone') as zone")).toEqual([{ zone: "UTC" }]);
  });

  it("a statement with an error is a StoreError that repeats no parameter", async () => {
    const database = await emptyDatabase(engine);
    await expect(database.query("select * from no_such_table")).rejects.toMatchObject({
      name: "StoreError",
      kind: "failed",
      message: expect.stringMatching(/no_such_table/),
    });
  });
});

onPostgres((engine) => {
  it("a database that does not exist is unreachable and named, without the password", async () => {
    const url = new URL(inject("postgresUrl"));
    url.pathname = "/no_such_database";
    url.password = PASSWORD;
    const error = await failureOf(url.href);
    expect(error).toMatchObject({ name: "StoreError", kind: "unreachable" });
    expect(error.message).toMatch(/"no_such_database" does not exist/);
    expectNoPassword(error);
  });

  it("the location names host, port and database and nothing secret", async () => {
    const url = new URL(inject("postgresUrl"));
    url.password = PASSWORD;
    const database = await openPostgres(url.href);
    await database.close();
    expect(database.location).toBe(`${url.hostname}:${url.port}${url.pathname}`);
    expect(inspect(database, { depth: 5 })).not.toContain(PASSWORD);
  });

  const backendOf = async (queries: Pick<Database, "query">): Promise<number> =>
    (await queries.query<{ pid: number }>("select pg_backend_pid() as pid"))[0]?.pid ?? 0;

  it("a connection that breaks during a statement is a StoreError", async () => {
    const database = await emptyDatabase(engine);
    const admin = await openPostgres(inject("postgresUrl"));
    try {
      await expect(
        database.transaction(async (queries) => {
          const pid = await backendOf(queries);
          const broken = queries.query("select pg_sleep(60)");
          await Promise.all([
            broken,
            // Once it sleeps, end it.
            admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where pid = $1`, [pid]),
          ]);
        }),
      ).rejects.toMatchObject({ name: "StoreError", kind: "unreachable" });
      // The pool opens another one.
      expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
    } finally {
      await admin.close();
    }
  });

  it("a connection that breaks between two statements of a transaction is a StoreError at the next, and ends nothing else", async () => {
    const database = await emptyDatabase(engine);
    await database.script("create table fact (x int)");
    const admin = await openPostgres(inject("postgresUrl"));
    try {
      await expect(
        database.transaction(async (queries) => {
          await queries.query("insert into fact values (1)");
          const pid = await backendOf(queries);
          await admin.query("select pg_terminate_backend($1::int)", [pid]);
          await untilGone(admin, pid);
          await queries.query("insert into fact values (2)");
        }),
      ).rejects.toMatchObject({ name: "StoreError", kind: "unreachable" });
      expect(await database.query("select x from fact")).toEqual([]);
    } finally {
      await admin.close();
    }
  });

  it("an idle connection that breaks is replaced without a word", async () => {
    const database = await emptyDatabase(engine);
    const admin = await openPostgres(inject("postgresUrl"));
    try {
      const pid = await backendOf(database);
      await admin.query("select pg_terminate_backend($1::int)", [pid]);
      await untilGone(admin, pid);
      expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
    } finally {
      await admin.close();
    }
  });
});

/** Until the server no longer knows the backend, and this process had a turn to hear of it. */
async function untilGone(admin: Database, pid: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const rows = await admin.query("select 1 from pg_stat_activity where pid = $1", [pid]);
    if (rows.length === 0) break;
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}

onPostgres((engine) => {
  it("a transaction whose work swallowed a failed statement is no success", async () => {
    const database = await emptyDatabase(engine);
    await expect(
      database.transaction(async (queries) => {
        await queries.query("select 1 / 0").catch(() => {});
      }),
    ).rejects.toThrow(/rolled a transaction back/);
  });
});
