import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { inOneLine } from "#src/main/explain-start-failure";
import { sendHostCommand } from "#src/main/host-commands";
import { openInstallation } from "#src/main/open-installation";
import { readEnvironment } from "#src/main/settings/environment";
import { realSurroundings } from "#src/main/system";
import { hasOpenssl, makeCertificate } from "../support/certificates";
import { emptyDatabase } from "../support/empty-database";
import { answering, askingFor, refusing, transactionPooler } from "../support/fake-postgres";
import { openAsOwner } from "../support/owner-connection";
import { type Cluster, startCluster } from "../support/postgres-cluster";

const folder = mkdtempSync(join(tmpdir(), "pcl-"));
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

let data = 0;
const environmentOf = (url: string, more: Readonly<Record<string, string>> = {}) => ({
  DATABASE_URL: url,
  PORTCULLIS_DATA: join(folder, `data${data++}`),
  PORT: "0",
  PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9",
  PORTCULLIS_SECRET: "5e1d0c7f9a3b48266b1f0d7a935ce8420f1e2d3c4b5a69788796a5b4c3d2e1f0",
  ...more,
});

/** Returns the message of a start that fails at the database, or "opened". */
async function startWith(environment: Readonly<Record<string, string>>): Promise<string> {
  try {
    const { database } = await openInstallation(readEnvironment(environment), realSurroundings());
    await database.close();
    return "opened";
  } catch (error) {
    return inOneLine(error);
  }
}

/** Expects the same single line from a start and from a host command. */
async function expectLine(environment: Readonly<Record<string, string>>, ...parts: readonly string[]): Promise<void> {
  const line = await startWith(environment);
  for (const part of parts) expect(line).toContain(part);
  expect(line).not.toContain("\n");
  expect(line).not.toMatch(/\bat .*:\d+:\d+/);
  expect(await sendHostCommand(environment, "operator.list", {})).toEqual({ ok: false, message: line });
}

const changed = (url: string, change: Partial<Pick<URL, "username" | "password" | "pathname" | "search" | "host">>) =>
  Object.assign(new URL(url), change).href;
const newName = () => `n${process.pid}_${Math.random().toString(36).slice(2, 10)}`;

/** Runs statements as the superuser of the suite's cluster. */
async function asAdministrator(...statements: readonly string[]): Promise<void> {
  const owner = openAsOwner(inject("clusterUrl"));
  for (const statement of statements) await owner.unsafe(statement);
  await owner.end();
}

const roles = ["gate", "tenant", "sync", "host", "identity", "retention"]
  .map((role) => `portcullis_${role}`)
  .join(", ");

/** Creates a user who may only use the roles of the product. */
async function plainUser(): Promise<string> {
  const user = newName();
  await asAdministrator(`create role ${user} login`, `grant ${roles} to ${user}`);
  return user;
}

describe("a start and a host command on an unusable database", () => {
  it("an unusable database is reported in one line: the user may not create tables in the schema public", async () => {
    const user = await plainUser();
    const url = changed(await emptyDatabase(), { username: user });
    await asAdministrator(`grant create on database ${new URL(url).pathname.slice(1)} to ${user}`);
    await expectLine(
      environmentOf(url),
      `the user ${user} may not create tables in the schema public of the database`,
      `run "alter database ${new URL(url).pathname.slice(1)} owner to ${user}"`,
    );
    await asAdministrator(`alter database ${new URL(url).pathname.slice(1)} owner to ${user}`);
    expect(await startWith(environmentOf(url))).toBe("opened");
  });

  it("an unusable database is reported in one line: the user may not create schemas", async () => {
    const user = await plainUser();
    const url = changed(await emptyDatabase(), { username: user });
    await expectLine(environmentOf(url), `the user ${user} may not create`, "As an administrator, run");
  });

  it("an unusable database is reported in one line: there is no schema public", async () => {
    const url = await emptyDatabase();
    const owner = openAsOwner(url);
    await owner.unsafe("drop schema public");
    await owner.end();
    await expectLine(environmentOf(url), "has no schema public", 'run "create schema public authorization');
  });

  it.each(["LATIN1", "SQL_ASCII"])(
    "an unusable database is reported in one line: its encoding is %s",
    async (encoding) => {
      const name = newName();
      await asAdministrator(
        `create database ${name} encoding '${encoding}' template template0 lc_collate 'C' lc_ctype 'C'`,
      );
      const url = changed(inject("clusterUrl"), { pathname: `/${name}` });
      await expectLine(
        environmentOf(url),
        `has the encoding ${encoding}, and Portcullis needs UTF8`,
        "template template0",
      );
    },
  );

  it("an unusable database is reported in one line: a connection limit is too low", async () => {
    const user = await plainUser();
    const url = changed(await emptyDatabase(), { username: user });
    const database = new URL(url).pathname.slice(1);
    await asAdministrator(`alter database ${database} owner to ${user}`, `alter role ${user} connection limit 5`);
    await expectLine(environmentOf(url), `the user ${user} allows 5 connections`, "opens up to 9", "alter role");
    expect(await startWith(environmentOf(url, { PORTCULLIS_DATABASE_CONNECTIONS: "4" }))).toBe("opened");
    await asAdministrator(`alter role ${user} connection limit -1`, `alter database ${database} connection limit 3`);
    await expectLine(environmentOf(url), `the database ${database} allows 3 connections`, "alter database");
    await asAdministrator(`alter database ${database} connection limit -1`);
  });

  it("an unusable database is reported in one line: all connections of the user are taken", async () => {
    const user = await plainUser();
    const url = changed(await emptyDatabase(), { username: user });
    await asAdministrator(`alter role ${user} connection limit 1`);
    const holder = openAsOwner(url);
    await holder`select 1`;
    await expectLine(
      environmentOf(url),
      "PostgreSQL has no connection left",
      "(53300)",
      "PORTCULLIS_DATABASE_CONNECTIONS",
    );
    await holder.end();
  });

  it("an unusable database is reported in one line: the database or the user does not exist", async () => {
    const url = await emptyDatabase();
    await expectLine(
      environmentOf(changed(url, { pathname: "/nowhere" })),
      "has no database with the name in DATABASE_URL",
    );
    await expectLine(
      environmentOf(changed(url, { username: "missing-user" })),
      "the user does not exist, or may not log in",
      "(28000)",
    );
  });

  it("an unusable database is reported in one line: no listener, an unknown host, or no socket", async () => {
    await expectLine(
      environmentOf("postgres://ada:hunter2@127.0.0.1:9/wiki"),
      "PostgreSQL does not answer at DATABASE_URL (ECONNREFUSED): nothing listens at 127.0.0.1:9",
    );
    await expectLine(environmentOf("postgres://ada:hunter2@nowhere.invalid/wiki"), "nowhere.invalid:5432");
    await expectLine(
      environmentOf(`postgres://ada@/wiki?host=${folder}`),
      `(ENOENT): there is no socket ${folder}/.s.PGSQL.5432`,
    );
  });

  it("an unusable database is reported in one line: the server does not support the required TLS", async () => {
    const url = await emptyDatabase();
    for (const mode of ["require", "verify-full"]) {
      await expectLine(
        environmentOf(changed(url, { search: `?sslmode=${mode}` })),
        "offers no TLS, and sslmode in DATABASE_URL requires it",
        "(TLS_NOT_SUPPORTED)",
      );
    }
    expect(await startWith(environmentOf(changed(url, { search: "?sslmode=prefer" })))).toBe("opened");
  });

  it("an unusable database is reported in one line: a file named in DATABASE_URL cannot be read", async () => {
    const url = changed(await emptyDatabase(), { search: "?sslmode=verify-full&sslrootcert=/nowhere/root.crt" });
    await expectLine(environmentOf(url), "sslrootcert in DATABASE_URL must name a file", "(/nowhere/root.crt: ENOENT)");
  });

  it.each([
    ["postgres://ada:s3cret#word@db/wiki", "DATABASE_URL must not contain #"],
    ["postgres://ada:s3cret/word@db/wiki", "DATABASE_URL has an @ behind the host"],
    ["postgres://ada:s3cret%word@db/wiki", "DATABASE_URL must have every percent sign in it written as %25"],
    ["postgres://db/wiki?schema=public", "DATABASE_URL has the parameter schema"],
    ["postgres://db/wiki?pgbouncer=true", "DATABASE_URL has the parameter pgbouncer"],
  ])("an unusable database is reported in one line: the address %s is invalid", async (url, problem) => {
    await expectLine(environmentOf(url), problem);
    expect(await startWith(environmentOf(url))).not.toContain("s3cret");
  });

  it.each([
    ["57P03", "the database system is starting up", "ProcessStartupPacket", "is not ready yet"],
    ["53300", "sorry, too many clients already", "InitProcess", "has no connection left"],
    ["53100", "could not write init file: No space left on device", "write_relcache_init_file", "has no space left"],
    ["08P01", "unsupported startup parameter: IntervalStyle", "", "connection poolers such as PgBouncer"],
    ["0A000", "unsupported frontend protocol 3.0", "ProcessStartupPacket", "is too old"],
    ["28000", 'no pg_hba.conf entry for host "10.0.0.5"', "ClientAuthentication", "pg_hba.conf"],
    ["42704", 'unrecognized configuration parameter "row_security"', "find_option", "does not know a setting"],
  ])(
    "an unusable database is reported in one line: the server refuses with %s %s",
    async (code, message, routine, part) => {
      const server = await refusing(code, message, routine);
      await expectLine(environmentOf(server.url), `(${code})`, part, `(the server says: ${message})`);
      server.close();
    },
  );

  it("an unusable database is reported in one line: another protocol, or unsupported authentication", async () => {
    for (const bytes of ["", "HTTP/1.1 400 Bad Request\r\n\r\n"]) {
      const server = await answering(bytes);
      await expectLine(environmentOf(server.url), "ended the connection without an answer");
      server.close();
    }
    const kerberos = await askingFor(7);
    await expectLine(environmentOf(kerberos.url), "asks for a kind of authentication that is not supported");
    kerberos.close();
  });

  it("an unusable database is reported in one line: a connection pooler in transaction mode", async () => {
    const pooler = await transactionPooler(await emptyDatabase());
    await expectLine(
      environmentOf(pooler.url),
      "a connection pooler (PgBouncer, for example) in transaction mode is in front of PostgreSQL",
      "Give the address of PostgreSQL itself in DATABASE_URL",
    );
    pooler.close();
  });

  it("a command on an unusable database prints only that line and ends with 1", async () => {
    const command = join(import.meta.dirname, "../../bin/portcullis.mjs");
    const { PATH, HOME } = process.env;
    const env = { NODE_ENV: "test" as const, PATH, HOME, ...environmentOf("postgres://ada:hunter2@127.0.0.1:9/wiki") };
    for (const args of [["start"], ["operator", "list"]]) {
      const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) =>
        execFile(process.execPath, [command, ...args], { env, cwd: folder }, (error, out, errors) =>
          resolve({ code: error?.code, output: out + errors }),
        ),
      );
      expect(code).toBe(1);
      expect(output).toMatch(/^portcullis: PostgreSQL does not answer at DATABASE_URL \(ECONNREFUSED\): [^\n]+\n$/);
    }
  });
});

describe("a start on a usable database", () => {
  it("a start connects over a Unix socket with every form of the address", async () => {
    const url = new URL(await emptyDatabase());
    const owner = openAsOwner(url.href);
    const [row] = await owner<{ folder: string }[]>`select current_setting('unix_socket_directories') as folder`;
    await owner.end();
    const sockets = row?.folder ?? "";
    const name = url.pathname.slice(1);
    const forms = [
      `postgres://postgres@/${name}?host=${sockets}&port=${url.port}`,
      `postgres://postgres@${encodeURIComponent(sockets)}:${url.port}/${name}`,
      `postgres://postgres@localhost/${name}?host=${encodeURIComponent(sockets)}&port=${url.port}&sslmode=require`,
    ];
    for (const form of forms) expect(await startWith(environmentOf(form))).toBe("opened");
  });

  it("a start works on a database that is read-only by default because the session enables writes", async () => {
    const url = await emptyDatabase();
    await asAdministrator(`alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`);
    expect(await startWith(environmentOf(url))).toBe("opened");
  });
});

describe("a standby", () => {
  it("a start on a standby is refused in one line", async () => {
    const standby = await startCluster({ files: { "standby.signal": "" } });
    try {
      await expectLine(environmentOf(standby.url()), "is a standby, which accepts no writes", "the primary server");
    } finally {
      await standby.stop();
    }
  });
});

describe.skipIf(!hasOpenssl)(
  `a server with TLS and passwords${hasOpenssl ? "" : ": openssl is not installed on this machine"}`,
  () => {
    const password = "p@ss:w/o#r%d?&= ü";
    let cluster: Cluster;
    let good: ReturnType<typeof makeCertificate>;
    let expired: ReturnType<typeof makeCertificate>;
    let url: (user: string, search?: string) => string;

    beforeAll(async () => {
      good = makeCertificate(folder, "good", { from: "20200101000000Z", to: "20991231000000Z" });
      expired = makeCertificate(folder, "expired", { from: "20200101000000Z", to: "20210101000000Z" });
      cluster = await startCluster({
        settings: ["ssl=on"],
        files: {
          "server.crt": readFileSync(good.certificate, "utf8"),
          "server.key": readFileSync(good.key, "utf8"),
          "expired.crt": readFileSync(expired.certificate, "utf8"),
          "expired.key": readFileSync(expired.key, "utf8"),
          "pg_hba.conf": [
            "hostssl all secure 127.0.0.1/32 trust",
            "host all locked 127.0.0.1/32 scram-sha-256",
            "host all barred 127.0.0.1/32 reject",
            "host all postgres 127.0.0.1/32 trust",
          ].join("\n"),
        },
      });
      closing.push(() => cluster.stop());
      await alter(
        ...["secure", "locked", "barred"].map((user) => `create role ${user} login superuser password '${password}'`),
      );
      await alter("create database wiki");
      url = (user, search = "") => changed(cluster.url("wiki"), { username: user, search });
    });

    async function alter(...statements: readonly string[]): Promise<void> {
      const owner = openAsOwner(cluster.url());
      for (const statement of statements) await owner.unsafe(statement);
      await owner.end();
    }

    it("a server that requires TLS is reported with the parameter to add to DATABASE_URL", async () => {
      await expectLine(
        environmentOf(url("secure")),
        "add ?sslmode=require to DATABASE_URL",
        "(28000)",
        "the server says:",
      );
      expect(await startWith(environmentOf(url("secure", "?sslmode=require")))).toBe("opened");
      expect(await startWith(environmentOf(url("secure", "?sslmode=prefer")))).toBe("opened");
    });

    it("the server certificate is verified, and a problem with it is reported", async () => {
      await expectLine(
        environmentOf(url("secure", "?sslmode=verify-full")),
        "from an authority that this process does not know",
      );
      const known = `&sslrootcert=${good.certificate}`;
      expect(await startWith(environmentOf(url("secure", `?sslmode=verify-full${known}`)))).toBe("opened");
      const byName = changed(url("secure", `?sslmode=verify-full${known}`), {
        host: `localhost:${new URL(url("a")).port}`,
      });
      expect(await startWith(environmentOf(byName))).toBe("opened");

      await alter("alter system set ssl_cert_file = 'expired.crt'", "alter system set ssl_key_file = 'expired.key'");
      await alter("select pg_reload_conf()");
      const { certificate } = { certificate: join(folder, "expired", "certificate.pem") };
      await expectLine(
        environmentOf(url("secure", `?sslmode=verify-full&sslrootcert=${certificate}`)),
        "has a certificate that has expired (CERT_HAS_EXPIRED)",
      );
      await alter("alter system reset all", "select pg_reload_conf()");
    });

    it("a percent-encoded password is accepted, and a wrong password is reported with the encoding rule", async () => {
      const [before = "", after = ""] = cluster.url("wiki").split("postgres@");
      const encoded = `${before}locked:${encodeURIComponent(password)}@${after}`;
      expect(await startWith(environmentOf(encoded))).toBe("opened");
      await expectLine(
        environmentOf(`${before}locked:wrong@${after}`),
        "does not accept the password in DATABASE_URL (28P01)",
        "must be percent-encoded",
      );
    });

    it("a refusal by pg_hba.conf is reported", async () => {
      await expectLine(
        environmentOf(url("barred")),
        "Allow the user, the database and the address in the server's pg_hba.conf",
      );
    });
  },
);
