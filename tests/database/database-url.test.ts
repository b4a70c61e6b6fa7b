import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DatabaseAddress, readDatabaseUrl } from "#src/database/database-url";

function addressOf(text: string): DatabaseAddress {
  const read = readDatabaseUrl(text);
  if (!read.ok) throw new Error(read.problem);
  return read.address;
}
function problemOf(text: string): string {
  const read = readDatabaseUrl(text);
  return read.ok ? "none" : read.problem;
}

describe("an address of PostgreSQL", () => {
  it.each<[string, Partial<DatabaseAddress>]>([
    [
      "postgres://ada:secret@db.example.org:5433/wiki",
      { user: "ada", password: "secret", host: "db.example.org", port: 5433, database: "wiki", socketFolder: null },
    ],
    ["postgresql://db/wiki", { user: null, password: null, host: "db", port: null, database: "wiki" }],
    ["POSTGRES://ada@[2001:db8::1]:5433/wiki", { host: "2001:db8::1", port: 5433 }],
    ["postgres://ada:p@ss@db/wiki", { user: "ada", password: "p@ss", host: "db" }],
    ["postgres://ada:p%40s%2Fs%23%25%3F@db/wiki", { password: "p@s/s#%?" }],
    ["postgres://ada:a:b@db/wiki", { password: "a:b" }],
    ["postgres://ada%40corp:x@db/wiki%20two", { user: "ada@corp", database: "wiki two" }],
    [
      "postgres:///wiki?host=/var/run/postgresql",
      { socketFolder: "/var/run/postgresql", host: null, database: "wiki" },
    ],
    ["postgres://ada@/wiki?host=/tmp&port=5433", { socketFolder: "/tmp", user: "ada", port: 5433 }],
    ["postgres://ada:x@%2Fvar%2Frun%2Fpostgresql/wiki", { socketFolder: "/var/run/postgresql", user: "ada" }],
    ["postgres://%2Ftmp:5433/wiki", { socketFolder: "/tmp", port: 5433 }],
    ["postgres://db/?dbname=wiki&user=ada&password=a%26b", { database: "wiki", user: "ada", password: "a&b" }],
    ["  postgres://db/wiki\n", { host: "db", database: "wiki" }],
    [
      "postgres://db/wiki?target_session_attrs=read-write&channel_binding=prefer&connect_timeout=9",
      { connectTimeout: 9 },
    ],
  ])("readDatabaseUrl reads %s", (text, expected) => {
    expect(addressOf(text)).toMatchObject(expected);
  });

  it.each<[string, DatabaseAddress["tls"]["mode"]]>([
    ["", "disable"],
    ["?sslmode=disable", "disable"],
    ["?sslmode=prefer", "prefer"],
    ["?sslmode=require", "require"],
    ["?sslmode=no-verify", "require"],
    ["?ssl=true", "require"],
    ["?ssl=false", "disable"],
    ["?sslmode=require&sslrootcert=/etc/root.crt", "verify-ca"],
    ["?sslmode=verify-full", "verify-full"],
    ["?sslrootcert=system", "verify-full"],
    ["?sslmode=require&host=/tmp", "disable"],
  ])("the query %s selects the TLS mode %s, as in libpq", (query, mode) => {
    expect(addressOf(`postgres://db/wiki${query}`).tls.mode).toBe(mode);
  });

  it.each([
    ["mysql://db/wiki", "must be postgres://user:password@host:port/database"],
    ["db.example.org", "must be postgres://user:password@host:port/database"],
    ["postgres://ada:p#ss@db/wiki", "must not contain # "],
    ["postgres://ada:#pass@db/wiki", "must not contain # "],
    ["postgres://ada:p/ss@db/wiki", "has an @ behind the host"],
    ["postgres://ada:12/ss@db/wiki", "has an @ behind the host"],
    ["postgres://ada:12?ss@db/wiki", "has an @ behind the host"],
    ["postgres://ada:a@b/c@db/wiki", "has an @ behind the host"],
    ["postgres://ada:100%@db/wiki", "must have every percent sign in it written as %25"],
    ["postgres://ada:100%zz@db/wiki", "must have every percent sign in it written as %25"],
    ["postgres://ada:%ff@db/wiki", "must have every percent sign in it written as %25"],
    ["postgres://ada:a b@db/wiki", "must not contain spaces"],
    ["postgres://db:0/wiki", "must have a whole number from 1 to 65535 as port"],
    ["postgres://db:port/wiki", "must have a whole number from 1 to 65535 as port"],
    ["postgres://db1:5432,db2:5432/wiki", "names several hosts"],
    ["postgres:///wiki?host=db1,db2", "names several hosts"],
    ["postgres://db/wiki/more", "must have one name after the host"],
    [
      "postgres://db/wiki?schema=public",
      "has the parameter schema, which Portcullis does not use. The tables are in the schema public",
    ],
    ["postgres://db/wiki?pgbouncer=true", "PgBouncer in transaction mode cannot be used"],
    ["postgres://db/wiki?connection_limit=5", "PORTCULLIS_DATABASE_CONNECTIONS sets the number"],
    ["postgres://db/wiki?options=-c%20search_path%3Dx", "has the parameter options, which Portcullis does not use"],
    [
      "postgres://db/wiki?statement_cache=3",
      "has the parameter statement_cache, which is not known. Known parameters: host,",
    ],
    [
      "postgres://db/wiki?sslmode=verify",
      "must have sslmode=disable, allow, prefer, require, verify-ca or verify-full",
    ],
    ["postgres://db/wiki?sslcert=/etc/a.crt", "must have both sslcert and sslkey"],
    ["postgres://db/wiki?target_session_attrs=standby", "must have target_session_attrs=any or"],
    ["postgres://db/wiki?channel_binding=require", "must have channel_binding=disable or"],
    ["postgres://db/wiki?connect_timeout=0", "must have a whole number from 1 to 3600 as connect_timeout"],
  ])("readDatabaseUrl refuses %s with the reason and the remedy", (text, problem) => {
    expect(problemOf(text)).toContain(problem);
    expect(problemOf(text)).not.toContain("\n");
  });

  it("readDatabaseUrl decodes every percent-encoded user name, password and database", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(name, name, name, (user, password, database) => {
        const text = `postgres://${[user, password].map(encodeURIComponent).join(":")}@db/${encodeURIComponent(database)}`;
        expect(addressOf(text)).toMatchObject({ user, password, database, host: "db" });
      }),
    );
  });

  it("the problem of a refused or misread address never contains the password", () => {
    const word = fc.stringMatching(/^[a-z0-9]{12}$/);
    fc.assert(
      fc.property(
        word,
        word,
        fc.constantFrom("#", "@", "/", "?", "%", ":", "&", "=", " ", ",", "["),
        (left, right, odd) => {
          const problem = problemOf(`postgres://ada:${left}${odd}${right}@db/wiki?unknown=1`);
          expect(problem).not.toContain(left);
          expect(problem).not.toContain(right);
        },
      ),
    );
  });
});
