// tsc copies no SQL. The main file must be executable for `npx co2e`.
import { chmodSync, cpSync } from "node:fs";

cpSync("src/store/migrations", "dist/store/migrations", { recursive: true });
chmodSync("dist/cli/main.js", 0o755);
