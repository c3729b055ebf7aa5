import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The machine's psql; undefined where there is none. */
export const PSQL = (process.env.PATH ?? "")
  .split(delimiter)
  .map((directory) => join(directory, process.platform === "win32" ? "psql.exe" : "psql"))
  .find((candidate) => existsSync(candidate));

/** libpq reads a plus sign as a plus sign, where URLSearchParams writes it for a blank. */
export const psqlUrl = (url: string): string => url.replaceAll("+", "%20");
