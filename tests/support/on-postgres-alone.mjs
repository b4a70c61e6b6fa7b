import { readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Tests of what is the same SQL on both databases. Where there is PostgreSQL, `npm test` runs them on it alone;
 * `npm run test:long` runs them on both. What is measured on the embedded database stays in every run.
 */
const patterns = [
  /^(?:access|features)\/.*\.db\.test\.ts$/,
  /^identity\/(?!.*sign-in-timing).*\.db\.test\.ts$/,
  /^http\/(?:session-attacks|sign-in-edges|moments)\.db\.test\.ts$/,
  /^http\/matrix\/(?:mass-assignment|other-pages)\.db\.test\.ts$/,
  /^database\/audit-floods\.db\.test\.ts$/,
];

/** @returns {string[]} paths from the project's folder: `tests/features/…` */
export function testsOnPostgresAlone() {
  return readdirSync("tests", { recursive: true, encoding: "utf8" })
    .filter((path) => patterns.some((pattern) => pattern.test(path.replaceAll("\\", "/"))))
    .map((path) => join("tests", path));
}
