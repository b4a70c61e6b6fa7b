import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** The two modules that compare times, with values and in queries. */
const comparing = ["src/platform/moment.ts", "src/database/moments-in-sql.ts"];

/**
 * Findings that are no decision about security, each with its reason: file, then the part of the line that stays. What
 * `performance.now()` and a `Pace` give are numbers of a clock that only goes forward.
 */
const allowed: readonly (readonly [file: string, part: string, why: string])[] = [
  ["src/platform/contract/page.ts", "Date.parse(", "contracts know nothing else; an input that is no time is refused"],
  ["src/platform/contract/page.ts", "moment >= firstMoment", "an input that is no time is in neither range"],
  ["src/console/account/moment.tsx", "new Date(at)", "shows a time of an answer"],
  ["src/identity/totp.ts", "now.getTime()", "what the library for codes takes"],
  ["src/features/audit-log/rows.ts", "gte(auditEntries.createdAt", "what a reader asks to see"],
  ["src/features/audit-log/rows.ts", "lt(auditEntries.createdAt", "what a reader asks to see"],
  ["src/delivery/prober/host-watch.ts", "now() - at < finds.withinMs", "numbers of a pace"],
  ["src/delivery/prober/revision-poller.ts", "this.#awayAt < marker.at", "numbers of a pace"],
  ["src/delivery/prober/revision-poller.ts", "now - this.#unlike.since < after", "numbers of a pace"],
  ["src/delivery/prober/revision-poller.ts", "revision < before", "revisions"],
  ["src/delivery/leader/prober-reports.ts", "revision < before", "revisions"],
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

/** Without comments; the numbers of lines stay. */
function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/(^|\s)\/\/ .*$/gm, "$1");
}

const lastWord = (operand: string) => /(\w+)(?:\(\))?$/.exec(operand)?.[1] ?? "";

/** A number of a time, or a time of a text that was not read strictly: either is made to be compared. */
const loose = /\.getTime\(\)|\.valueOf\(\)|\bDate\.parse\(|\bnew Date\([^)]/;
const comparison = /([\w.#?!()]+) (?:<=|>=|<|>) (?=([\w.#]+(?:\(\))?)?)/g;
/** Clocks that give numbers, which are never unreadable. */
const numberClock = /(?:Date|performance|[pP]ace)\.now\(\)$/;
const queryComparison = /\b(?:lt|lte|gt|gte|between|notBetween)\(\s*\w+\.(\w+)/g;
const inSql = [
  /\b\w+_(?:at|until|since|seen)\b\s*(?:<=?|>=?|between\b)/,
  /(?:<=?|>=?)\s*(?:\$\{(?:now|before|since|moment)\b|(?:clock_timestamp|now)\(\)|\w+\.\w+_(?:at|until)\b)/,
];

/** A file that knows neither dates nor a clock has its times as numbers of a pace. */
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
  test("stand only where a time that cannot be read has a safe side", () => {
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
    expect([...unused], "these exceptions are not needed any more").toEqual([]);
  });

  test("are known by the columns of the schema", () => {
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
  ])("are found where they are bare: %s", (planted) => {
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
  ])("are not found in %s", (line) => {
    expect(bareComparisons(line)).toEqual([]);
  });
});
