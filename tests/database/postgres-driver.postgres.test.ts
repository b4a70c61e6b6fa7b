import { createServer, type Socket, connect as tcp } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import postgres, { type Options, type Sql, type TransactionSql } from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isUnreachable } from "#src/database/database-errors";
import { connectionSettings } from "#src/database/session-settings";
import { openTestDatabase, type TestDatabase } from "../support/test-database";

/** The numbers of reports are those of the driver's repository, github.com/porsager/postgres. */

let database: TestDatabase;
let url: string;
const clients: Sql[] = [];
let ahead = false;

beforeAll(async () => {
  database = await openTestDatabase();
  url = database.url ?? "";
  await database.asOwner("create table public.kept (id int primary key, note text)");
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((sql) => sql.end({ timeout: 1 })));
  await database.asOwner("truncate public.kept");
});
afterAll(async () => {
  await database.asOwner("drop table public.kept");
  await database.close();
});

type Settings = Options<Record<string, never>>;

function open(settings: Settings = {}): Sql {
  const sql = postgres(url, {
    max: 1,
    backoff: () => 0.01,
    onnotice: () => undefined,
    // The test cluster has settings that would end statements and sessions immediately.
    connection: { ...connectionSettings("requests", null), application_name: "driver-test" },
    ...settings,
  });
  clients.push(sql);
  return ahead ? withStatementsAhead(sql) : sql;
}

/** Begins transactions like the product: the first statements are sent together with BEGIN. */
function withStatementsAhead(sql: Sql): Sql {
  const { begin } = sql;
  sql.begin = (<T>(body: (tx: TransactionSql) => Promise<T>) => begin("ahead", body)) as Sql["begin"];
  return sql;
}

/** Opens a client whose sockets the test can access. */
function openWithSockets(settings: Settings = {}): { sql: Sql; sockets: Socket[] } {
  const sockets: Socket[] = [];
  const { hostname, port } = new URL(url);
  const socket = () =>
    new Promise<Socket>((resolve, reject) => {
      const opened = tcp(Number(port), hostname, () => resolve(opened)).once("error", reject);
      sockets.push(opened);
    });
  // The driver's types lack this option, which its README documents.
  return { sql: open({ ...settings, ...{ socket } }), sockets };
}

/** Waits until the pool has this many connections. Each takes one statement, and none ends before all have begun. */
async function openAll(sql: Sql, connections: number): Promise<void> {
  const pids = () => Promise.all(Array.from({ length: connections }, () => pidAfterAWhile(sql)));
  while (new Set(await pids()).size < connections);
}
const pidAfterAWhile = async (sql: Sql) => {
  const [row] = await sql.unsafe<Session[]>("select pg_backend_pid() as pid from pg_sleep(0.03)");
  return row?.pid ?? 0;
};

async function codeOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
    return "fulfilled";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

const keptIds = async () =>
  (await database.asOwner<{ id: number }>("select id from public.kept order by id")).map(({ id }) => id);
/** A server notices a moment later that a client has closed its connection, so that tests wait until none is left. */
const transactionsLeftOpen = async () =>
  database.asOwner(
    "select pid from pg_stat_activity where application_name = 'driver-test' and state like 'idle in transaction%'",
  );
const endSession = (pid: number) => database.asOwner("select pg_terminate_backend($1)", [pid]);

interface Session {
  pid: number;
}
const pidOf = async (sql: Pick<Sql, "unsafe">) => {
  const [row] = await sql.unsafe<Session[]>("select pg_backend_pid() as pid");
  return row?.pid ?? 0;
};

describe.each([
  ["after the answer to BEGIN", false],
  ["together with BEGIN", true],
])("with the first statements sent %s,", (_, together) => {
  beforeAll(() => {
    ahead = together;
  });

  describe("a transaction that begins in a full pipeline (reports 823, 1189, 1207, 1218)", () => {
    it.each([98, 99, 100, 101])(
      "a transaction keeps its connection and loses nothing with %i statements in flight on each of 16 connections",
      async (depth) => {
        const sql = open({ max: 16 });
        await openAll(sql, 16);
        // The sixteen open connections take the statements in turn.
        const sleeping = Array.from({ length: 16 }, () => sql.unsafe("select pg_sleep(0.1)").execute());
        const statements = Array.from({ length: 16 * (depth - 1) }, (_, n) => sql.unsafe(`select ${n} as n`).execute());
        const begun = Array.from({ length: 16 }, (_, id) =>
          sql.begin(async (tx) => {
            await tx`insert into kept values (${id}, 'transaction')`;
            return pidOf(tx);
          }),
        );
        await Promise.all(sleeping);
        expect((await Promise.all(statements)).map(([row]) => row?.n)).toEqual(statements.map((_, n) => n));
        expect((await Promise.all(begun)).every((pid) => pid > 0)).toBe(true);
        await expect.poll(transactionsLeftOpen).toEqual([]);

        const later = Array.from({ length: 40 }, (_, n) => 100 + n);
        await Promise.all(later.map((id) => sql`insert into kept values (${id}, 'later')`));
        expect(await keptIds()).toEqual([...Array.from({ length: 16 }, (_, id) => id), ...later]);
      },
    );

    it.each([0, 1, 2])("a transaction works with max_pipeline %i (reports 1210, 1211)", async (maxPipeline) => {
      const sql = open({ max: 2, ...{ max_pipeline: maxPipeline } });
      const busy = Array.from({ length: 6 }, (_, n) => sql.unsafe(`select ${n} as n, pg_sleep(0.01)`).execute());
      const begun = Array.from({ length: 5 }, (_, id) => sql.begin((tx) => tx`insert into kept values (${id})`));
      await Promise.all([...busy, ...begun]);
      expect(await keptIds()).toEqual([0, 1, 2, 3, 4]);
      await expect.poll(transactionsLeftOpen).toEqual([]);
    });

    it("a transaction keeps its connection if the socket is full at the moment of BEGIN", async () => {
      const { sql, sockets } = openWithSockets({ max: 2 });
      await openAll(sql, 2);
      for (const socket of sockets) {
        const write = socket.write.bind(socket);
        const andIsFull = (chunk: Buffer) => {
          write(chunk);
          return false;
        };
        Object.defineProperty(socket, "write", { value: andIsFull, writable: true });
      }
      // The driver collects up to 1 kB before it writes. Each BEGIN reaches that limit.
      const before = [1, 2].map((n) => sql.unsafe(`select ${n} as n -- ${"x".repeat(995)}`).execute());
      const begun = [1, 2].map((id) => sql.begin((tx) => tx`insert into kept values (${id})`));
      await Promise.all([...before, ...begun]);
      expect(await keptIds()).toEqual([1, 2]);
      await expect.poll(transactionsLeftOpen).toEqual([]);
    });

    it("a transaction keeps its connection if the socket drains during the transaction", async () => {
      const { sql, sockets } = openWithSockets({ max: 1 });
      let answered = false;
      let other: Promise<unknown> = Promise.resolve();
      const first = sql.begin(async (tx) => {
        await tx`insert into kept values (1)`;
        other = sql.unsafe("insert into kept values (2)").then(() => {
          answered = true;
        });
        for (const socket of sockets) socket.emit("drain");
        await delay(30);
        expect(answered).toBe(false);
        throw new Error("rolled back");
      });
      await expect(first).rejects.toThrow("rolled back");
      await other;
      expect(await keptIds()).toEqual([2]);
    });
  });

  describe("a transaction without an owner", () => {
    it("a transaction without an owner is rolled back with its connection, and no later statement runs in it", async () => {
      const sql = open({ max: 2 });
      expect(await codeOf(sql.unsafe("begin"))).toBe("UNSAFE_TRANSACTION");
      await Promise.all(Array.from({ length: 20 }, (_, id) => sql`insert into kept values (${id})`));
      expect(await keptIds()).toHaveLength(20);
      await expect.poll(transactionsLeftOpen).toEqual([]);
    });

    it("statements that were sent after a transaction without an owner are rejected and not lost", async () => {
      const sql = open({ max: 2 });
      await sql`select 1`;
      const sent = [
        ...["begin", "begin"].map((text) => sql.unsafe(text).execute()),
        ...Array.from({ length: 40 }, (_, id) => sql.unsafe(`insert into kept values (${id})`).execute()),
      ];
      const outcomes = await Promise.allSettled(sent);
      const answered = outcomes.slice(2).flatMap(({ status }, id) => (status === "fulfilled" ? [id] : []));
      expect(await keptIds()).toEqual(expect.arrayContaining(answered));
      await expect.poll(transactionsLeftOpen).toEqual([]);
    });

    it("a transaction without an owner counts as a connection failure", () => {
      expect(isUnreachable(Object.assign(new Error(), { code: "UNSAFE_TRANSACTION" }))).toBe(true);
    });
  });

  describe("a connection that ends in the middle of a transaction (reports 1155, 1168, 1186, 1208, 1215)", () => {
    it("all statements of a lost transaction are rejected, and none reaches the new connection", async () => {
      const sql = open({ max: 1 });
      let late: Promise<unknown> = Promise.resolve();
      let lateCode: unknown;
      const lost = sql.begin(async (tx) => {
        await tx`insert into kept values (1)`;
        await endSession(await pidOf(tx));
        const first = await codeOf(tx`insert into kept values (2)`);
        late = delay(60).then(async () => {
          lateCode = await codeOf(tx`insert into kept values (3)`);
        });
        await late;
        return first;
      });
      expect(["CONNECTION_CLOSED", "57P01"]).toContain(await codeOf(lost));
      const next = sql.begin(async (tx) => {
        await tx`insert into kept values (4)`;
        await late;
        await tx`insert into kept values (5)`;
      });
      await next;
      expect(["CONNECTION_CLOSED", "57P01"]).toContain(lateCode);
      expect(await keptIds()).toEqual([4, 5]);
    });

    it("statements that wait in a lost transaction are settled", async () => {
      const sql = open({ max: 1 });
      const outcomes: Promise<unknown>[] = [];
      const lost = sql.begin(async (tx) => {
        const pid = await pidOf(tx);
        outcomes.push(codeOf(tx`select pg_sleep(5), ${1}::int as n`));
        for (let n = 0; n < 5; n++) outcomes.push(codeOf(tx`select ${n}::int as n`));
        await delay(20);
        await endSession(pid);
        await Promise.all(outcomes);
      });
      await codeOf(lost);
      for (const outcome of await Promise.all(outcomes)) expect(["57P01", "CONNECTION_CLOSED"]).toContain(outcome);
    });

    it("begin() rejects if the connection ends between its reservation and the answer to BEGIN", async () => {
      const sql = open({ max: 1 });
      const pid = await pidOf(sql);
      const before = codeOf(sql.unsafe("select pg_sleep(5)").execute());
      let ran = false;
      const begun = codeOf(
        sql.begin(async () => {
          ran = true;
        }),
      );
      await delay(20);
      await endSession(pid);
      for (const outcome of await Promise.all([before, begun]))
        expect(["57P01", "CONNECTION_CLOSED"]).toContain(outcome);
      expect(ran).toBe(ahead);
      await sql.begin((tx) => tx`insert into kept values (1)`);
      expect(await keptIds()).toEqual([1]);
    });
  });

  describe("the end of a transaction", () => {
    it("begin() rejects if the server answers COMMIT with ROLLBACK (report 1217)", async () => {
      const sql = open();
      const outcome = sql.begin(async (tx) => {
        await tx`insert into kept values (1)`;
        void tx
          .unsafe("select 1 / 0")
          .execute()
          .catch(() => undefined); // its result does not matter
      });
      await expect(outcome).rejects.toMatchObject({ code: "22012" });
      expect(await keptIds()).toEqual([]);
    });

    it("statements after the end of a transaction are rejected, and none runs in the connection's next transaction", async () => {
      const sql = open({ max: 1 });
      let insertLate: () => Promise<unknown> = async () => undefined;
      await sql.begin(async (tx) => {
        insertLate = () => codeOf(tx`insert into kept values (1)`);
      });
      const next = sql.begin(async (tx) => {
        await tx`insert into kept values (2)`;
        return insertLate();
      });
      expect(await next).toBe("TRANSACTION_ENDED");
      expect(await insertLate()).toBe("TRANSACTION_ENDED");
      expect(await keptIds()).toEqual([2]);
    });

    it("an ended transaction leaves no handler on the connection that rejects later (report 1201)", async () => {
      const sql = open({ max: 1 });
      await sql.begin((tx) => tx`select 1`);
      const pid = await pidOf(sql);
      await endSession(pid);
      const isThere = () => database.asOwner("select 1 from pg_stat_activity where pid = $1", [pid]);
      while ((await isThere()).length > 0);
      // The driver notices the end before or after it has sent the next statement.
      while ((await codeOf(sql`select 1`)) !== "fulfilled");
      expect(await sql`select 2 as n`).toEqual([{ n: 2 }]);
    });
  });

  describe("answers", () => {
    it("answers reach their own statements if one between them could not be sent", async () => {
      const sql = open({ max: 1 });
      await sql`select ${1}::int as n`;
      const unsendable = new Date(Number.NaN);
      // In the second round, the type of the parameter is already known.
      const known = open({ max: 1 });
      await known.unsafe("select $1::timestamptz as n", [new Date()], { prepare: true });
      const statements = Array.from({ length: 60 }, (_, n) =>
        n % 7 === 3
          ? sql.unsafe("select $1::timestamptz as n", [unsendable]).execute()
          : sql.unsafe(`select ${n} as n`).execute(),
      );
      const prepared = Array.from({ length: 60 }, (_, n) =>
        n % 7 === 3
          ? known.unsafe("select $1::timestamptz as n", [unsendable], { prepare: true }).execute()
          : known.unsafe(`select ${n} as n`).execute(),
      );
      const rounds = await Promise.all([statements, prepared].map((round) => Promise.allSettled(round)));
      for (const outcomes of rounds) {
        outcomes.forEach((outcome, n) => {
          if (n % 7 === 3) expect(outcome.status).toBe("rejected");
          else expect(outcome).toMatchObject({ status: "fulfilled", value: [{ n }] });
        });
      }
    });

    it("answers reach their own statements if one in the pipeline is cancelled", async () => {
      const sql = open({ max: 1 });
      await sql`select 1`;
      const first = sql.unsafe("select pg_sleep(0.05), 0 as n").execute();
      const cancelled = sql.unsafe("select 1 as n").execute();
      const rest = [2, 3, 4].map((n) => sql.unsafe(`select ${n} as n, pg_sleep(0.05)`).execute());
      await delay(10);
      cancelled.cancel();
      const outcomes = await Promise.allSettled([first, cancelled, ...rest]);
      outcomes.forEach((outcome, n) => {
        // A cancellation goes to the session, so it may end a statement that comes after; none gets the answer of
        // another.
        if (outcome.status === "fulfilled") expect(outcome.value[0]?.n).toBe(n);
        else expect(outcome.reason).toMatchObject({ code: "57014" });
      });
    });

    it("an answer starts at its first row after a statement that failed between its rows (report 1119)", async () => {
      const sql = open({ max: 1 });
      const failing = sql.unsafe("select 1 / (3 - n) as n from generate_series(1, 5) n");
      await expect(failing).rejects.toMatchObject({ code: "22012" });
      expect([...(await sql.unsafe("select 7 as n"))]).toEqual([{ n: 7 }]);
    });

    it("a prepared statement that is sent again stores the given values (report 1197)", async () => {
      const sql = open({ max: 1 });
      await sql`create temporary table flags (id int, flag boolean, document jsonb)`;
      const insert = (id: number) => sql`insert into flags values (${id}, ${true}, ${sql.json({ id })}) returning *`;
      await insert(1);
      await sql`alter table flags add column more int`;
      await insert(2);
      const rows = await sql`select id, flag, document from flags order by id`;
      expect([...rows]).toEqual([1, 2].map((id) => ({ id, flag: true, document: { id } })));
    });

    it("a prepared statement that is sent again never runs in another transaction", async () => {
      const sql = open({ max: 2 });
      await database.asOwner("create table public.shape (n int)");
      const insert = () => sql.unsafe("insert into public.shape values ($1) returning *", [1], { prepare: true });
      try {
        await openAll(sql, 2);
        for (let round = 0; round < 4; round++) await Promise.all([insert(), insert()]);
        await database.asOwner("truncate public.shape");
        await database.asOwner("alter table public.shape add column more int");
        // Both connections are busy, so each BEGIN is sent after an insert that has to be sent again.
        const inserts = [insert().execute(), insert().execute()];
        const begun = Array.from({ length: 2 }, () =>
          sql.begin(async (tx) => {
            await tx.unsafe("select pg_sleep(0.05)");
            throw new Error("rolled back");
          }),
        );
        const [outcomes] = await Promise.all([Promise.allSettled(inserts), Promise.allSettled(begun)]);
        const answered = outcomes.filter(({ status }) => status === "fulfilled").length;
        expect(await database.asOwner("select n from public.shape")).toHaveLength(answered);
      } finally {
        await database.asOwner("drop table public.shape");
      }
    });
  });

  describe("a server that ends the connection without an answer", () => {
    it("a statement fails if the server ends each connection, and the driver does not reconnect without end", async () => {
      let connections = 0;
      const server = createServer((socket) => {
        connections++;
        socket.on("error", () => undefined);
        socket.end();
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const sql = postgres({ host: "127.0.0.1", port, max: 1, username: "a", database: "a" });
      clients.push(sql);
      expect(await codeOf(sql`select 1`)).toMatch(/^(CONNECTION_CLOSED|ECONNRESET|EPIPE)$/);
      expect(await codeOf(sql.begin((tx) => tx`select 1`))).toMatch(/^(CONNECTION_CLOSED|ECONNRESET|EPIPE)$/);
      expect(connections).toBeLessThanOrEqual(2);
      server.close();
    });
  });

  describe("reserved connections (which the product does not use)", () => {
    it("a reserved connection does not return to the pool in the middle of a transaction", async () => {
      const sql = open({ max: 1 });
      const reserved = await sql.reserve();
      await reserved`begin`;
      await reserved`insert into kept values (1)`;
      reserved.release();
      await sql`insert into kept values (2)`.catch(() => sql`insert into kept values (2)`);
      expect(await keptIds()).toEqual([2]);
    });

    it("reserve() settles after the connection that it waited for has ended (report 1195)", async () => {
      const sql = open({ max: 1 });
      const pid = await pidOf(sql);
      const busy = codeOf(sql.unsafe("select pg_sleep(5)").execute());
      await delay(10);
      const waiting = sql.reserve();
      await endSession(pid);
      await busy;
      const reserved = await waiting;
      expect(await pidOf(reserved)).toBeGreaterThan(0);
      reserved.release();
      expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
    });

    it("the pool replaces a reserved connection that has ended (report 1199)", async () => {
      const sql = open({ max: 1 });
      const reserved = await sql.reserve();
      await endSession(await pidOf(reserved));
      await codeOf(reserved`select 1`);
      expect(await codeOf(reserved`select 1`)).toBe("CONNECTION_CLOSED");
      reserved.release();
      expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
    });
  });
});

describe("statements sent together with BEGIN", () => {
  beforeAll(() => {
    ahead = true;
  });

  it("a refused BEGIN fails the transaction, and statements sent with it have no rights and store nothing", async () => {
    const connection = connectionSettings("requests", "portcullis_gate");
    const { sql, sockets } = openWithSockets({ connection });
    await pidOf(sql);
    await database.asOwner("grant insert, select on public.kept to portcullis_host");
    const enter = (tx: TransactionSql) => tx`select set_config('role', 'portcullis_host', true)`;
    for (const socket of sockets) {
      const write = socket.write.bind(socket) as (chunk: Buffer, done?: () => void) => boolean;
      const misspelt = (chunk: Buffer, done?: () => void) =>
        write(Buffer.from(chunk.toString("latin1").replace("begin ", "bogus "), "latin1"), done);
      Object.defineProperty(socket, "write", { value: misspelt, writable: true, configurable: true });
    }
    let outcomes: Promise<unknown[]> = Promise.resolve([]);
    const refused = sql.begin(async (tx) => {
      const sent = [enter(tx).execute(), tx`insert into kept values (1)`.execute()];
      outcomes = Promise.all(sent.map(codeOf)).then(async (codes) => [
        ...codes,
        await codeOf(tx`insert into kept values (2)`),
      ]);
      await outcomes;
    });
    expect(await codeOf(refused)).toBe("42601");
    expect(await outcomes).toEqual(["fulfilled", "42501", "42601"]);
    expect(await keptIds()).toEqual([]);

    for (const socket of sockets) Reflect.deleteProperty(socket, "write");
    await sql.begin(async (tx) => {
      await enter(tx);
      await tx`insert into kept values (3)`;
    });
    expect(await keptIds()).toEqual([3]);
    await expect.poll(transactionsLeftOpen).toEqual([]);
  });

  it("the first statement is sent together with BEGIN, without waiting for its answer", async () => {
    const { sql, sockets } = openWithSockets();
    await pidOf(sql);
    const written: string[] = [];
    for (const socket of sockets) {
      const write = socket.write.bind(socket) as (chunk: Buffer, done?: () => void) => boolean;
      const seen = (chunk: Buffer, done?: () => void) => {
        written.push(chunk.toString("latin1"));
        return write(chunk, done);
      };
      Object.defineProperty(socket, "write", { value: seen, writable: true });
    }
    await sql.begin(async (tx) => {
      await tx.unsafe("select 'first'");
      await tx.unsafe("select 'second'");
    });
    expect(written.map((text) => /begin|first|second|commit/g[Symbol.match](text))).toEqual([
      ["begin", "first"],
      ["second"],
      ["commit"],
    ]);
  });
});
