import { readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Tests of SQL that is the same on both databases. If PostgreSQL is installed, `npm test` runs them on PostgreSQL only,
 * and `npm run test:long` runs them on both. Measurements of the embedded database stay in every run.
 */
const onPostgresAlone = [
  /^(?:access|features)\/.*\.db\.test\.ts$/,
  /^identity\/.*\.db\.test\.ts$/,
  /^delivery\/(?!leader\/|unled|restore|lease).*\.db\.test\.ts$/,
  /^http\/(?:session-attacks|sign-in-edges|moments)\.db\.test\.ts$/,
  /^http\/matrix\/(?:mass-assignment|other-pages)\.db\.test\.ts$/,
  /^database\/audit-floods\.db\.test\.ts$/,
];

/**
 * Tests that cost most and that no promise of the product rests on alone: `npm run test:long` runs them, `npm test` does
 * not.
 */
const inFullLengthOnly = [
  /^demo\/make-demo-data\.test\.ts$/,
  /^identity\/sign-in-timing\.db\.test\.ts$/,
  /^main\/dev\.test\.ts$/,
  /^traefik\/foreign\/forms\.gateway\.test\.ts$/,
];

/** @returns {string[]} paths relative to the project's folder: `tests/features/…` */
export function testsOnPostgresAlone() {
  return testsLike(onPostgresAlone);
}

/** @returns {string[]} paths relative to the project's folder: `tests/demo/…` */
export function testsInFullLengthOnly() {
  return testsLike(inFullLengthOnly);
}

/** @param {readonly RegExp[]} patterns of paths relative to `tests`, with slashes */
function testsLike(patterns) {
  return readdirSync("tests", { recursive: true, encoding: "utf8" })
    .filter((path) => patterns.some((pattern) => pattern.test(path.replaceAll("\\", "/"))))
    .map((path) => join("tests", path));
}
