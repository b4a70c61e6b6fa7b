import { defineConfig } from "vitest/config";

/** The tests of the pure core, which need no database: `npm run test:stryker` runs them for each change of the code. */
export default defineConfig({
  test: {
    include: ["access", "delivery/planner", "traefik/compiler"].map((folder) => `tests/${folder}/**/*.test.ts`),
    exclude: ["**/*.{db,postgres,gateway}.test.ts"],
  },
});
