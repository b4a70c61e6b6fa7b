import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { LongestFirst, ShuffledFiles } from "./tests/support/file-order.ts";
import { patienceMs, testTimeoutMs } from "./tests/support/patience.ts";
import { testsInFullLengthOnly, testsOnPostgresAlone } from "./tests/support/short-run.mjs";

/** Its files share one set of modules per worker: reading them again for each file took a quarter of the whole run. */
const shared = { isolate: false };

/** Tests make a lot of garbage that is young: with more room for it, a tenth of the whole run is not spent on collecting. */
const room = { execArgv: ["--max-semi-space-size=64"] };

/** Which database a suite runs on is said by the project: `*.db.test.ts` runs on both. */
const on = (database: "embedded" | "postgres") => ({ PORTCULLIS_TEST_DATABASE: database });
/**
 * In `npm test` with both databases, most tests of use cases and sign-in run on PostgreSQL alone; `npm run test:long`
 * runs them on both.
 */
const isFull = process.env.PORTCULLIS_TEST_LONG === "1";
const isSecondHalf = process.env.PORTCULLIS_TEST_BESIDE_POSTGRES === "1" && !isFull;
const isShort = process.env.PORTCULLIS_TEST_SHORT === "1";
/** What no project of this run includes. */
const never = [...configDefaults.exclude, ...(isShort ? testsInFullLengthOnly() : [])];

type ProjectOptions = Pick<
  TestProjectInlineConfiguration["test"] & object,
  "exclude" | "env" | "globalSetup" | "isolate"
>;
const project = (name: string, include: string[], more: ProjectOptions = {}) => ({
  extends: true as const,
  test: { name, include, exclude: never, ...room, ...more },
});

export default defineConfig({
  test: {
    testTimeout: testTimeoutMs,
    hookTimeout: testTimeoutMs,
    expect: { poll: { timeout: patienceMs } },
    maxWorkers: 4,
    // Four projects compile the same sources: the first that does keeps them for the others.
    experimental: { fsModuleCache: true },
    sequence: { sequencer: process.env.PORTCULLIS_TEST_SHUFFLE === "1" ? ShuffledFiles : LongestFirst },
    projects: [
      project("unit", ["tests/**/*.test.ts"], {
        ...shared,
        exclude: [...never, "tests/**/*.{db,postgres,gateway,browser}.test.ts"],
      }),
      project("embedded", ["tests/**/*.db.test.ts"], {
        env: on("embedded"),
        ...shared,
        exclude: [...never, ...(isSecondHalf ? testsOnPostgresAlone() : [])],
      }),
      project("postgres", ["tests/**/*.{db,postgres}.test.ts"], {
        env: on("postgres"),
        ...shared,
        globalSetup: ["tests/support/global-setup.ts"],
      }),
      project("gateway", ["tests/**/*.gateway.test.ts"], shared),
      project("browser", ["tests/**/*.browser.test.ts"], shared),
    ],
  },
});
