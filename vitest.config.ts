import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

/** Which database a suite runs on is said by the project: `*.db.test.ts` runs on both. */
const on = (database: "embedded" | "postgres") => ({ PORTCULLIS_TEST_DATABASE: database });
type ProjectOptions = Pick<TestProjectInlineConfiguration["test"] & object, "exclude" | "env" | "globalSetup">;
const project = (name: string, include: string[], more: ProjectOptions = {}) => ({
  extends: true as const,
  test: { name, include, ...more },
});

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    projects: [
      project("unit", ["tests/**/*.test.ts"], {
        exclude: [...configDefaults.exclude, "tests/**/*.{db,postgres,gateway}.test.ts"],
      }),
      project("embedded", ["tests/**/*.db.test.ts"], { env: on("embedded") }),
      project("postgres", ["tests/**/*.{db,postgres}.test.ts"], {
        env: on("postgres"),
        globalSetup: ["tests/support/global-setup.ts"],
      }),
      project("gateway", ["tests/**/*.gateway.test.ts"]),
    ],
  },
});
