import { createInterface } from "node:readline";
import { lockDirectory } from "../../src/store/directory-lock.ts";

// A process for directory-lock.test.ts: takes the directory of its argument on "open", gives it back on "release".
const directory = process.argv[2] ?? "";
let release = () => {};

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "open") {
    try {
      release = await lockDirectory(directory);
      console.log("locked");
    } catch (error) {
      console.log(error instanceof Error ? error.message : String(error));
    }
  } else if (line === "release") {
    release();
    console.log("released");
  }
}
