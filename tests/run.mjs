import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { testsInFullLengthOnly, testsOnPostgresAlone } from "./support/short-run.mjs";

/**
 * Runs the tests: `node tests/run.mjs [--long] [unit|embedded|postgres|gateway|browser …] [-- filters for vitest]`.
 * Without names it runs all of them but the browser tests, which take a minute of their own. What this machine lacks is
 * skipped, with one line for each. `--long` runs only the files that have a full length (they import
 * `tests/support/length.ts`), at that length, and what a short run leaves out (`tests/support/short-run.mjs`).
 * `--shuffle=SEED` runs the tests of each file, and the files, in a random order that the seed repeats. The last lines
 * tell the CPU time of the whole run and count. A run ends with a failure after 40 minutes, and with CI set after 20
 * failed tests: one cause that each of a hundred tests waits for would otherwise take hours.
 */

const longestRunMs = 40 * 60_000;
const failuresInCi = 20;
const all = ["unit", "embedded", "postgres", "gateway", "browser"];
const given = process.argv.slice(2);
const separator = given.indexOf("--");
const words = separator < 0 ? given : given.slice(0, separator);
const isLong = words.includes("--long");
const seed = words.find((word) => /^--shuffle=\d{1,9}$/.test(word))?.slice("--shuffle=".length);
const named = words.filter((word) => word !== "--long" && !/^--shuffle=\d{1,9}$/.test(word));
const asked = separator < 0 ? [] : given.slice(separator + 1);
const filters = isLong && asked.length === 0 ? filesWithFullLength() : asked;
const unknown = named.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There are no tests named ${unknown.join(", ")}: choose from ${all.join(", ")}.\n`);
  process.exit(2);
}

const missing = {
  postgres: hasPostgres() ? null : "no initdb on PATH or in /usr/lib/postgresql/*/bin",
  gateway: hasTraefik() ? null : "no traefik on PATH, and no TRAEFIK_BIN",
  browser: hasChromium() ? null : "no /usr/bin/chromium, and no CHROMIUM_BIN",
};
const wanted = named.length > 0 ? named : all.filter((name) => name !== "browser");
const projects = wanted.filter((name) => {
  if (missing[name]) process.stdout.write(`Skipping the ${name} tests: ${missing[name]}.\n`);
  return !missing[name];
});

const folder = mkdtempSync(join(tmpdir(), "portcullis-test-"));
const report = join(folder, "report.json");
const bundles = mkdtempSync(join("node_modules", ".portcullis-tests-"));
chmodSync(bundles, 0o755); // tests start processes of other users from it
const began = performance.now();
const code = projects.length === 0 ? 0 : await run();
const count = counts();
for (const made of [folder, bundles]) rmSync(made, { recursive: true, force: true });
if (code !== 0 && count.failed === 0) count.failed = 1; // an error outside any test
const cpu = cpuSecondsOfChildren();
const spent = cpu === null ? "" : `, and ${cpu} s of CPU time in all processes`;
process.stdout.write(`\nTook ${Math.round((performance.now() - began) / 1000)} s${spent}.\n`);
process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
process.exit(count.failed > 0 ? 1 : 0);

function run() {
  const vitest = join("node_modules", "vitest", "vitest.mjs");
  const options = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`, "--passWithNoTests"];
  const names = projects.map((name) => `--project=${name}`);
  const length = isLong ? { PORTCULLIS_TEST_LONG: "1" } : filters.length === 0 ? { PORTCULLIS_TEST_SHORT: "1" } : {};
  const bail = process.env.CI ? [`--bail=${failuresInCi}`] : [];
  const order = seed ? ["--sequence.shuffle.tests", `--sequence.seed=${seed}`] : [];
  const child = spawn(process.execPath, [vitest, "run", ...options, ...bail, ...order, ...names, ...filters], {
    stdio: "inherit",
    env: {
      ...process.env,
      TEST_BUNDLES_FOLDER: resolve(bundles),
      ...length,
      ...(projects.includes("postgres") ? { PORTCULLIS_TEST_BESIDE_POSTGRES: "1" } : {}),
      ...(seed ? { PORTCULLIS_TEST_SHUFFLE: "1" } : {}),
    },
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => child.kill(signal));
  const late = setTimeout(() => {
    process.stdout.write(`\nThe tests did not end within ${longestRunMs / 60_000} minutes and are stopped.\n`);
    child.kill("SIGTERM");
  }, longestRunMs);
  return new Promise((resolve) => {
    child.once("close", (status) => {
      clearTimeout(late);
      resolve(status ?? 1);
    });
  });
}

function filesWithFullLength() {
  const notInShortRun = new Set([...testsOnPostgresAlone(), ...testsInFullLengthOnly()]);
  const files = readdirSync("tests", { recursive: true }).filter((path) => path.endsWith(".test.ts"));
  return files
    .map((path) => join("tests", path))
    .filter((path) => notInShortRun.has(path) || readFileSync(path, "utf8").includes("support/length"));
}

/** User and system time of all descendants that were waited for, in seconds; null where there is no /proc (not Linux). */
function cpuSecondsOfChildren() {
  if (!existsSync("/proc/self/stat")) return null;
  // proc(5): fields 16 and 17 (cutime, cstime), in ticks of 1/100 s. The fields after the command's name start with field 3.
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1).split(" ");
  return Math.round((Number(fields[13]) + Number(fields[14])) / 100);
}

function counts() {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, "utf8"),
  );
  const brokenFiles = testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  );
  return {
    passed: numPassedTests,
    failed: numFailedTests + brokenFiles.length,
    skipped: numPendingTests + numTodoTests,
  };
}

function hasPostgres() {
  const packaged = "/usr/lib/postgresql";
  const versions = existsSync(packaged) ? readdirSync(packaged) : [];
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...versions.map((version) => join(packaged, version, "bin")),
  ];
  return folders.some((path) => existsSync(join(path, "initdb")) && existsSync(join(path, "postgres")));
}

function hasTraefik() {
  return spawnSync(process.env.TRAEFIK_BIN ?? "traefik", ["version"], { stdio: "ignore" }).status === 0;
}

function hasChromium() {
  return existsSync(process.env.CHROMIUM_BIN ?? "/usr/bin/chromium");
}
