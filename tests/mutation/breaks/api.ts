import { type Break, breaksOf } from "../break";

/** What the way from a request to a verb must not lose. */
export const apiBreaks: readonly Break[] = [
  ...breaksOf(
    "src/http/caller.ts",
    ["tests/http/session-attacks.db.test.ts"],
    [
      {
        of: "TM-31",
        says: "an empty key is none, and the cookie beside it counts",
        find: 'const apiKey = headers.get("x-api-key");',
        replace: 'const apiKey = headers.get("x-api-key") || null;',
      },
    ],
  ),
  ...breaksOf(
    "src/http/handler.ts",
    ["tests/http/session-attacks.db.test.ts"],
    [
      {
        of: "TM-25",
        says: "a proxy keeps an answer in which a secret is shown once",
        find: 'response.headers.set("cache-control", "no-store");',
        replace: "",
        tests: ["tests/http/transport.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/operations/resource.ts",
    ["tests/http/matrix/matrix.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "a text that no database takes is asked for as an id",
        find: "return harmless.test(value) ? value : nowhere;",
        replace: 'return harmless.test(value) || nowhere === "" ? value : nowhere;',
        tests: ["tests/http/transport.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/create.ts",
    ["tests/http/matrix/matrix.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "a project that is another organization's makes a key for all of one's own",
        find: "on: orCaller(project),",
        replace: "on: caller,",
      },
    ],
  ),
  ...breaksOf(
    "src/features/organizations/delete.ts",
    ["tests/features/organizations/organizations.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "who deletes another organization deletes their own",
        find: "on: orCaller(organization),",
        replace: "on: caller,",
      },
    ],
  ),
  ...breaksOf(
    "src/features/applications/list.ts",
    ["tests/http/matrix/matrix.db.test.ts"],
    [
      {
        of: "DK-11",
        says: "who has a role at one project is not listed its applications",
        find: "on: orCaller(environment),",
        replace: "on: caller,",
      },
    ],
  ),
  ...breaksOf(
    "src/features/claims/list.ts",
    ["tests/http/matrix/matrix.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "claims are listed by a gateway that is another organization's",
        find: "on: orCaller(gateway),",
        replace: "on: caller,",
      },
    ],
  ),
  ...breaksOf(
    "src/http/active-requests.ts",
    ["tests/http/active-requests.test.ts"],
    [
      {
        of: "TM-38",
        says: "strangers take the places of everybody",
        find: "total: Math.ceil(active.total / 2)",
        replace: "total: active.total",
      },
      {
        of: "TM-38",
        says: "a request that was refused its organization's place keeps a stranger's",
        find: "        giveBack();\n        giveBack = () => undefined;",
        replace: "        giveBack = () => undefined;",
      },
    ],
  ),
  ...breaksOf(
    "src/http/audit-export.ts",
    ["tests/features/audit-log/export.db.test.ts"],
    [
      {
        of: "AUD",
        says: "the installation's log is answered with the organization's",
        find: 'query.get("log") === "installation"',
        replace: 'query.get("log") === "installation-audit"',
        tests: ["tests/features/audit-log/installation-log.db.test.ts"],
      },
      {
        of: "AUD",
        says: "a CSV file of nothing has no names",
        find: 'if (before !== "") yield before;',
        replace: "",
      },
      {
        of: "AUD",
        says: "a CSV file has its names again before each page",
        find: 'before = "";',
        replace: "before = head;",
      },
      {
        of: "PO-25",
        says: "a key that was rotated does not say in an export until when it goes on",
        find: "...Object.fromEntries(context.answerHeaders),",
        replace: "",
      },
      {
        of: "AUD",
        says: "pages are read before anybody takes them",
        find: "{ highWaterMark: 0 },",
        replace: "{ highWaterMark: 1_000 },",
      },
      {
        of: "AUD",
        says: "a filter that nobody knows is answered with the whole log",
        find: 'if (!read.success) throw new Invalid("invalid_input", "This is not what can be asked for.", fieldsOf(read.error));',
        replace: 'if (!read.success) return ExportAudit.parse({ format: query.get("format") ?? undefined });',
      },
    ],
  ),
  ...breaksOf(
    "src/http/describe-error.ts",
    ["tests/http/describe-error.test.ts"],
    [
      {
        of: "DK-14",
        says: "the log has the message of a database's error, with what was bound",
        find: "...(fromDatabase ? {} : { message: error.message.slice(0, 300) }),",
        replace: "message: error.message.slice(0, fromDatabase ? 299 : 300),",
      },
      {
        of: "DK-14",
        says: "the log has the message of a database's error in the lines of its stack",
        find: ".filter((line) => /^\\s+at /.test(line))",
        replace: "",
      },
      {
        of: "DK-14",
        says: "an error that wraps a database's is logged with its message",
        find: "at instanceof Error && depth < 5; at = at.cause, depth++",
        replace: "at instanceof Error && depth < 1; at = at.cause, depth++",
      },
    ],
  ),
];
