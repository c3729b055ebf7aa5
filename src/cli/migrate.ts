import { Command } from "commander";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { print, printJson } from "./output.ts";

export const migrateCommand = (): Command =>
  new Command("migrate")
    .description("bring the database schema up to this version")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
The same files can be run with psql; they lie in the package under dist/migrations.
A database that carries the original design's migration is adopted in place, rows kept.

Examples:
  DATABASE_URL=postgresql://user:password@host:5432/db co2e migrate
${EXIT_CODES_HELP}`,
    )
    .action(async (options: { json?: true }) => {
      const [{ readConfig }, { openDatabase, openServed }, { migrate, schemaVersion }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../store/migrate.ts"),
      ]);
      const config = await readConfig();
      await openServed(config.database, "change");
      const database = await openDatabase(config.database);
      try {
        const applied = (await migrate(database)).map(({ version, name }) => ({ version, name }));
        const version = await schemaVersion(database);
        if (options.json) {
          printJson({ database: database.location, engine: database.engine, version, applied });
          return;
        }
        for (const migration of applied) print(`Applied migration ${migration.version} (${migration.name})`);
        print(`${database.engine} ${database.location} is at co2e migration ${version}.`);
      } finally {
        await database.close();
      }
    });
