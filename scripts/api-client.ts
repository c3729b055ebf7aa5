// npm run api:client: writes src/client/contract.ts from the table of operations. src/client/contract.test.ts says when it
// is out of date.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { openApiDocument } from "../src/api/openapi.ts";
import { clientContract } from "../src/api/typescript.ts";

const PATH = "src/client/contract.ts";
writeFileSync(PATH, clientContract(openApiDocument("")));
execFileSync("npx", ["biome", "check", "--write", PATH], { stdio: "inherit" });
