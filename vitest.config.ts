import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    reporters: ["default"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each PGlite takes about 300 MB and a core while it starts.
    maxWorkers: 2,
  },
});
