import { expect, it } from "vitest";
import {
  type DatabaseFacts,
  type DatabaseRights,
  missingRight,
  problemOfDatabase,
} from "#src/database/database-requirements";

const good: DatabaseFacts = {
  version: 150_004,
  versionText: "15.4",
  encoding: "UTF8",
  isStandby: false,
  isReadOnly: false,
  user: "ada",
  database: "wiki",
  isSuperuser: false,
  userLimit: -1,
  databaseLimit: -1,
  serverLimit: 97,
};

it("a database that meets all requirements is accepted", () => {
  expect(problemOfDatabase(good, 17)).toBe(null);
  expect(problemOfDatabase({ ...good, userLimit: 17, databaseLimit: 17, serverLimit: 17 }, 17)).toBe(null);
  expect(problemOfDatabase({ ...good, isSuperuser: true, userLimit: 1, databaseLimit: 1 }, 17)).toBe(null);
});

it.each<[string, Partial<DatabaseFacts>, string]>([
  [
    "an old server",
    { version: 140_009, versionText: "14.9" },
    "PostgreSQL 14.9 is too old: Portcullis needs 15 or newer",
  ],
  ["a standby", { isStandby: true, isReadOnly: true }, "is a standby, which accepts no writes"],
  ["a read-only database", { isReadOnly: true }, "the database wiki is read-only for this user"],
  ["LATIN1", { encoding: "LATIN1" }, "the database wiki has the encoding LATIN1, and Portcullis needs UTF8"],
  ["SQL_ASCII", { encoding: "SQL_ASCII" }, "has the encoding SQL_ASCII"],
  ["a limit of the user", { userLimit: 16 }, "the user ada allows 16 connections, and this process opens up to 17"],
  ["a limit of the database", { databaseLimit: 3 }, "the database wiki allows 3 connections"],
  ["a limit of the server", { serverLimit: 7, isSuperuser: true }, "the server allows 7 connections"],
  ["a name that SQL quotes", { database: 'My "wiki"', databaseLimit: 0 }, 'the database "My ""wiki""" allows 0'],
])("a database with this problem is refused in one line: %s", (_, facts, problem) => {
  expect(problemOfDatabase({ ...good, ...facts }, 17)).toContain(problem);
  expect(problemOfDatabase({ ...good, ...facts }, 17)).not.toContain("\n");
});

const rights: DatabaseRights = {
  user: "ada",
  database: "wiki",
  hasPublicSchema: true,
  mayCreateTables: true,
  mayCreateSchemas: true,
};

it("the message for a missing right names the right and the statement that grants it", () => {
  expect(missingRight(rights)).toBe(null);
  expect(missingRight({ ...rights, mayCreateTables: false })).toContain(
    'may not create tables in the schema public of the database wiki; from PostgreSQL 15 on only the database\'s owner may. As an administrator, run "alter database wiki owner to ada"',
  );
  expect(missingRight({ ...rights, mayCreateSchemas: false })).toContain("may not create schemas in the database wiki");
  expect(missingRight({ ...rights, hasPublicSchema: false })).toContain('run "create schema public authorization ada"');
});
