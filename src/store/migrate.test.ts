import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Engine, onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { PSQL, psqlUrl } from "../../test/support/psql.ts";
import { emptyDatabase } from "../../test/support/store-data.ts";
import type { Database } from "./database.ts";
import { allMigrations, type Migration, migrate, requireSchema, schemaVersion } from "./migrate.ts";
import { openPostgres } from "./postgres.ts";

const VERSIONS = allMigrations().map((migration) => migration.version);
const NEWEST = VERSIONS.at(-1) ?? 0;
const MIGRATIONS_DIRECTORY = fileURLToPath(new URL("./migrations/", import.meta.url));

/** The versions written down in the database, in order, repeats included. */
async function recordedVersions(database: Database): Promise<number[]> {
  const rows = await database.query<{ version: number }>(
    "select version from co2e_migration order by version, applied_at",
  );
  return rows.map((row) => row.version);
}

/** Every column of the product's tables, as text, to compare two schemas. */
async function columnsOf(database: Database): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable as line
     from information_schema.columns where table_schema = current_schema() order by 1`,
  );
  return rows.map((row) => row.line);
}

const tableExists = async (database: Database, name: string): Promise<boolean> => {
  const [row] = await database.query<{ found: boolean }>(
    `select to_regclass('${name}') is not null as found`,
  );
  return row?.found ?? false;
};

onEachEngine((engine) => {
  it("migrating twice is migrating once", async () => {
    const database = await emptyDatabase(engine);
    expect(await schemaVersion(database)).toBe(0);
    await expect(requireSchema(database)).rejects.toThrow(/no co2e schema.*Run: co2e migrate/);
    expect((await migrate(database)).map((migration) => migration.version)).toEqual(VERSIONS);
    expect(await migrate(database)).toEqual([]);
    await requireSchema(database);
    expect(await recordedVersions(database)).toEqual(VERSIONS);
  });

  it("migrations are numbered one by one from 1, and each records its own number", async () => {
    expect(VERSIONS).toEqual(VERSIONS.map((_, index) => index + 1));
    const database = await emptyDatabase(engine);
    for (const migration of allMigrations()) {
      await migrate(database, allMigrations().slice(0, migration.version));
      expect(await schemaVersion(database)).toBe(migration.version);
    }
    const rows = await database.query<{ name: string }>("select name from co2e_migration order by version");
    expect(rows.map((row) => row.name)).toEqual(allMigrations().map((migration) => migration.name));
  });

  it("an older schema is refused with the command that mends it", async () => {
    const database = await emptyDatabase(engine);
    await migrate(database, allMigrations().slice(0, 1));
    await expect(requireSchema(database)).rejects.toMatchObject({
      name: "StoreError",
      kind: "schema-missing",
      message: expect.stringMatching(new RegExp(`co2e migration 1 of ${NEWEST}.*Run: co2e migrate`)),
    });
  });

  it("a schema newer than the program is refused by migrate and by use, with what to run", async () => {
    const database = await emptyDatabase(engine);
    await migrate(database);
    await database.query("insert into co2e_migration (version, name) values ($1, 'from the future')", [
      NEWEST + 1,
    ]);
    const refusal = {
      name: "StoreError",
      kind: "schema-newer",
      message: expect.stringMatching(
        new RegExp(`at co2e migration ${NEWEST + 1}.*knows ${NEWEST}.*npm install co2e@latest`),
      ),
    };
    await expect(migrate(database)).rejects.toMatchObject(refusal);
    await expect(requireSchema(database)).rejects.toMatchObject(refusal);
  });

  it("a migration that fails in the middle changes nothing and names itself", async () => {
    const database = await emptyDatabase(engine);
    await migrate(database);
    const before = await columnsOf(database);
    const broken: Migration = {
      version: NEWEST + 1,
      name: "half",
      sql: `begin;
            insert into co2e_migration (version, name) values (${NEWEST + 1}, 'half');
            create table half_made (x int);
            alter table co2e_emissions add column half_made int;
            select 1 / 0;
            commit;`,
    };
    await expect(migrate(database, [...allMigrations(), broken])).rejects.toMatchObject({
      name: "StoreError",
      kind: "failed",
      message: expect.stringMatching(/Migration \d+ \(half\) failed.*changed nothing.*division by zero/),
    });
    expect(await tableExists(database, "half_made")).toBe(false);
    expect(await columnsOf(database)).toEqual(before);
    expect(await recordedVersions(database)).toEqual(VERSIONS);
    // And the database is not stuck in the broken transaction.
    expect(await migrate(database)).toEqual([]);
  });

  it("a first migration that fails leaves an adopted table as it was", async () => {
    const database = await emptyDatabase(engine);
    // A table of that name that is no co2e table at all: it has no column to convert.
    await database.script(
      "create table workload_emissions (id int); insert into workload_emissions values (7)",
    );
    await expect(migrate(database)).rejects.toMatchObject({ name: "StoreError", kind: "failed" });
    expect(await columnsOf(database)).toEqual(["workload_emissions.id integer YES"]);
    expect(await database.query("select id from workload_emissions")).toEqual([{ id: 7 }]);
    expect(await schemaVersion(database)).toBe(0);
  });

  it("the files also run as plain scripts, in order, and then migrate has nothing to do", async () => {
    const database = await emptyDatabase(engine);
    for (const { sql } of allMigrations()) {
      await database.connection((connection) => connection.script(sql));
    }
    expect(await migrate(database)).toEqual([]);
    await requireSchema(database);
    expect(await recordedVersions(database)).toEqual(VERSIONS);
  });

  it("a script that runs a second time is refused and changes nothing", async () => {
    const database = await emptyDatabase(engine);
    await migrate(database);
    const before = await columnsOf(database);
    const [first] = allMigrations();
    await expect(
      database.connection(async (connection) => {
        try {
          await connection.script(first?.sql ?? "");
        } finally {
          await connection.script("rollback");
        }
      }),
    ).rejects.toThrow(/co2e_migration_pkey|duplicate key/);
    expect(await columnsOf(database)).toEqual(before);
    expect(await recordedVersions(database)).toEqual(VERSIONS);
  });
});

/** A schema that one migrator made alone, to compare with. */
async function columnsMadeAlone(engine: Engine): Promise<string[]> {
  const database = await emptyDatabase(engine);
  await migrate(database);
  return columnsOf(database);
}

onPostgres((engine) => {
  it("of eight migrators that start at once each version is applied by exactly one, and all find it done", async () => {
    const url = await engine.emptyUrl();
    const databases = await Promise.all(Array.from({ length: 8 }, () => openPostgres(url)));
    try {
      const applied = await Promise.all(databases.map((database) => migrate(database)));
      expect(
        applied
          .flat()
          .map((migration) => migration.version)
          .sort(),
      ).toEqual(VERSIONS);
      for (const database of databases) await requireSchema(database);
      const [database] = databases;
      if (!database) throw new Error("no database");
      expect(await recordedVersions(database)).toEqual(VERSIONS);
      expect(await columnsOf(database)).toEqual(await columnsMadeAlone(engine));
    } finally {
      await Promise.all(databases.map((database) => database.close()));
    }
  });

  it("migrating lifts the time limit on statements for itself alone", async () => {
    const database = await emptyDatabase(engine);
    const limit = "select current_setting('statement_timeout') as setting";
    const [before] = await database.query<{ setting: string }>(limit);
    expect(before?.setting).toBe("5min");
    await migrate(database);
    expect(await database.query(limit)).toEqual([before]);
  });

  describe.skipIf(PSQL === undefined)("with the real psql", () => {
    it("psql -v ON_ERROR_STOP=1 -f runs every file, and then migrate has nothing to do", async () => {
      const url = await engine.emptyUrl();
      for (const file of readdirSync(MIGRATIONS_DIRECTORY).sort()) {
        execFileSync(PSQL ?? "", [psqlUrl(url), "-v", "ON_ERROR_STOP=1", "-q", "-f", file], {
          cwd: MIGRATIONS_DIRECTORY,
          stdio: "pipe",
        });
      }
      const database = await openPostgres(url);
      try {
        expect(await migrate(database)).toEqual([]);
        expect(await recordedVersions(database)).toEqual(VERSIONS);
        expect(await columnsOf(database)).toEqual(await columnsMadeAlone(engine));
      } finally {
        await database.close();
      }
    });
  });
});
