import { createRequire } from "node:module";

/** "0.2.0" */
export const programVersion = (): string =>
  (createRequire(import.meta.url)("co2e/package.json") as { version: string }).version;
