import { defineConfig } from "vitest/config";

const report = process.env.CO2E_TEST_REPORT;

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    // The second one is for .ci/run, which counts.
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each PGlite takes about 300 MB and a core while it starts.
    maxWorkers: 2,
  },
});
