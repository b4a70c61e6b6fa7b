import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** The two modules that compare times: one with values, one in queries. */
const comparing = ["src/platform/moment.ts", "src/database/moments-in-sql.ts"];

/**
 * Findings that do not affect security: the file, and a part of the line. `performance.now()` and a `Pace` return
 * numbers of a clock that never goes backward.
 */
const allowed: readonly (readonly [file: string, part: string, why: string])[] = [
  [
    "src/platform/contract/fields.ts",
    "Date.parse(",
    "contracts have no other function; an input that is not a time is refused",
  ],
  ["src/platform/contract/fields.ts", "moment >= firstMoment", "an input that is not a time is in neither range"],
  ["src/console/account/moment.tsx", "new Date(at)", "shows a time of a response"],
  ["src/identity/totp.ts", "now.getTime()", "the library for codes takes a number"],
  ["src/features/applications/find-applications.ts", "password_changed_at < ${", "a filter that the reader chooses"],
  ["src/features/audit-log/rows.ts", "gte(auditEntries.createdAt", "a filter that the reader chooses"],
  ["src/features/audit-log/rows.ts", "lt(auditEntries.createdAt", "a filter that the reader chooses"],
  ["src/delivery/prober/host-watch.ts", "now() - at < finds.withinMs", "numbers of a pace"],
  ["src/delivery/prober/revision-poller.ts", "this.#awayAt < marker.at", "numbers of a pace"],
  ["src/delivery/prober/revision-poller.ts", "now - this.#unlike.since < after", "numbers of a pace"],
  ["src/delivery/prober/revision-poller.ts", "revision < before", "revisions"],
  ["src/delivery/leader/prober-reports.ts", "revision < before", "revisions"],
  ["src/delivery/events/event-hub.ts", "pace.now() - channel.readAt >= timing.readEvery", "numbers of a pace"],
  ["src/delivery/events/event-hub.ts", "pace.now() - beatenAt < timing.beatEvery", "numbers of a pace"],
  ["src/delivery/events/event-hub.ts", "pace.now() - channel.emptySince < timing.keepFor", "numbers of a pace"],
  ["src/delivery/events/read-states.ts", "and sequence > ", "sequence numbers"],
];

/** Names of times, by their last word. */
const timeName =
  /(?:At|Until|Since|Before|Seen|Moment|Now|End|Ends)$|^(?:now|moment|before|since|until|end|latest|earliest|begun|deadline)$/;

/** Columns of the schema that hold times, by the name that queries use. */
const timeColumns = new Set(
  readdirSync(join(root, "drizzle"))
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [
      ...readFileSync(join(root, "drizzle", name), "utf8").matchAll(/^\s*(\w+): (?:moment|createdAt)\(/gm),
    ])
    .map(([, name]) => name ?? ""),
);

/** Removes comments and keeps the line numbers. */
function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/(^|\s)\/\/ .*$/gm, "$1");
}

const lastWord = (operand: string) => /(\w+)(?:\(\))?$/.exec(operand)?.[1] ?? "";

/** Converts a time to a number, or parses a time without strict rules. Both are typical of comparisons. */
const loose = /\.getTime\(\)|\.valueOf\(\)|\bDate\.parse\(|\bnew Date\([^)]/;
const comparison = /([\w.#?!()]+) (?:<=|>=|<|>) (?=([\w.#]+(?:\(\))?)?)/g;
/** Clocks that return numbers, which are never unreadable. */
const numberClock = /(?:Date|performance|[pP]ace)\.now\(\)$/;
const queryComparison = /\b(?:lt|lte|gt|gte|between|notBetween)\(\s*\w+\.(\w+)/g;
const inSql = [
  /\b\w+_(?:at|until|since|seen)\b\s*(?:<=?|>=?|between\b)/,
  /(?:<=?|>=?)\s*(?:\$\{(?:now|before|since|moment)\b|(?:clock_timestamp|now)\(\)|\w+\.\w+_(?:at|until)\b)/,
];

/** In a file that uses neither dates nor a clock, times are numbers of a pace. */
const knowsDates = (source: string) => /\bDate\b|\b[cC]lock\b/.test(source);

function isBare(line: string, hasDates: boolean): boolean {
  if (loose.test(line) || inSql.some((form) => form.test(line))) return true;
  const isTime = (operand: string) => timeName.test(lastWord(operand));
  return (
    [...line.matchAll(comparison)].some(
      ([, left = "", right = ""]) =>
        hasDates && !numberClock.test(left) && !numberClock.test(right) && (isTime(left) || isTime(right)),
    ) || [...line.matchAll(queryComparison)].some(([, column = ""]) => timeColumns.has(column))
  );
}

/** Comparisons of times in one source, as `line: text`. */
function bareComparisons(source: string): string[] {
  const code = withoutComments(source);
  const hasDates = knowsDates(code);
  return code.split("\n").flatMap((line, at) => (isBare(line, hasDates) ? [`${at + 1}: ${line.trim()}`] : []));
}

describe("comparisons of times", () => {
  test("only the two modules that handle unreadable times safely compare times", () => {
    const unused = new Set(allowed);
    const problems = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => `src/${name.replaceAll("\\", "/")}`)
      .filter((name) => !comparing.includes(name))
      .flatMap((name) =>
        bareComparisons(readFileSync(join(root, name), "utf8")).flatMap((line) => {
          const exception = allowed.find(([file, part]) => file === name && line.includes(part));
          if (exception) unused.delete(exception);
          return exception ? [] : `${name}:${line}`;
        }),
      );
    expect(problems, "use src/platform/moment.ts or src/database/moments-in-sql.ts").toEqual([]);
    expect([...unused], "these exceptions are no longer needed").toEqual([]);
  });

  test("the check for comparisons knows the time columns of the schema", () => {
    for (const name of ["expiresAt", "createdAt", "usedAt", "leaseUntil", "deliveredAt", "endsAt", "minute"]) {
      expect([name, timeColumns.has(name)]).toEqual([name, true]);
    }
  });

  test.each([
    "if (link.expiresAt <= now) return;",
    "return row.expiresAt === null || row.expiresAt > now;",
    "if (!row || row.expiresAt <= clock.now()) return null;",
    "const isOld = before > entry.createdAt;",
    "const old = now.getTime() - last.getTime() < minute;",
    "if (new Date(session.expiresAt) <= now) throw e;",
    "if (Date.parse(key.expiresAt) < at) throw e;",
    "return rows.filter((row) => row.lastSeenAt >= since);",
    "if (end <= start) return;",
    "and(eq(a, b), gt(sessions.expiresAt, now)),",
    "lte(challenges.expiresAt, now)",
    "between(claims.endsAt, one, other)",
    "sql`#{idleEnd} <= #{now.toISOString()}::timestamptz`",
    "sql`select 1 from links l where l.expires_at > now()`",
    "sql`d.proved_at < #{now.toISOString()}::timestamptz`",
    "sql`#{gateways.leaseUntil} >= clock_timestamp()`",
  ])("the check finds the bare comparison of times: %s", (planted) => {
    const line = planted.replaceAll("#{", "${");
    expect(bareComparisons(`let now: Date;\n${line}\n`)).toEqual([`2: ${line}`]);
  });

  test.each([
    "if (hasPassed(link.expiresAt, now)) return;",
    "// if (link.expiresAt <= now) return;",
    "/* row.expiresAt > now */",
    "const ids = new Map<string, Date>();",
    "return rows.length > most;",
    "const at = new Date();",
    "and(eq(a, b), lt(projects.projectId, cursor)),",
    "aheadInSql(sessions.expiresAt, now),",
    "const take = (now: Date) => now;",
  ])("the check finds no comparison of times in: %s", (line) => {
    expect(bareComparisons(line)).toEqual([]);
  });
});
