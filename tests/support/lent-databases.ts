import type { Database } from "#src/database/database";
import type { Statements } from "./rows/table";

/** An open, migrated database without rows, which several tests use one after another. */
export interface OpenedDatabase {
  readonly database: Database;
  /** Reads and writes rows through the schema, as the owner: without row-level security. */
  readonly owner: Statements;
  /** Runs statements as the owner, without row-level security. @returns the rows of the last one */
  asOwner<Row extends Record<string, unknown>>(statement: string, values?: readonly unknown[]): Promise<Row[]>;
  /** `DATABASE_URL` for a process that shares it; null for the embedded one. */
  readonly url: string | null;
  /** Closes and removes it. */
  end(): Promise<void>;
}

/** Databases that were returned and emptied, by kind. */
const idle = new Map<string, OpenedDatabase[]>();
const schemas = new WeakMap<OpenedDatabase, string>();

/** How long a return waits for work that a test left running, in milliseconds. */
const patience = 2_000;

/**
 * Returns a database that no other test uses at the same time: a returned one, or a new one. Emptying one takes a
 * hundredth of the time that creating one takes.
 * @param kind only databases of the same kind are lent again
 */
export async function lendDatabase(kind: string, open: () => Promise<OpenedDatabase>) {
  const opened = idle.get(kind)?.pop() ?? (await open());
  if (!schemas.has(opened)) schemas.set(opened, await schemaOf(opened));
  const { database, owner, asOwner, url } = opened;
  const listening = new Set<() => Promise<void>>();
  let state: "lent" | "closed" | "returned" = "lent";
  const use = (): Database => {
    if (state !== "lent") throw new Error(`the database of this test is ${state}`);
    return database;
  };

  return {
    url,
    owner,
    asOwner,
    database: {
      kind: database.kind,
      transaction: async (role, organizationId, body) => use().transaction(role, organizationId, body),
      batch: async (role, organizationId, statements, body) => use().batch(role, organizationId, statements, body),
      call: async (statement) => use().call(statement),
      hint: async (channel, payload) => use().hint(channel, payload),
      listen: async (channel, onHint) => {
        const end = await use().listen(channel, onHint);
        listening.add(end);
        return async () => {
          if (listening.delete(end)) await end();
        };
      },
      close: async () => {
        if (state === "lent") await opened.end();
        state = "closed";
      },
    } satisfies Database,
    async close(): Promise<void> {
      if (state !== "lent") return;
      state = "returned";
      await Promise.all([...listening].map((end) => end()));
      if (await isEmptied(opened)) idle.set(kind, [...(idle.get(kind) ?? []), opened]);
      else await opened.end();
    },
  };
}

/** Bypasses the trigger that protects the audit log from exactly this. */
const emptying = `do $$ declare filled text; begin
  select string_agg(quote_ident(relname), ', ') into filled from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace and pg_relation_size(oid) > 0;
  if filled is not null then
    set local session_replication_role = replica;
    execute format('truncate %s restart identity cascade', filled);
  end if;
end $$`;

/** Removes all rows. @returns false if a test has changed more than rows, or has left work running */
async function isEmptied(opened: OpenedDatabase): Promise<boolean> {
  const emptied = (async () => {
    if (opened.url !== null && !(await isQuiet(opened))) return false;
    if (schemas.get(opened) !== (await schemaOf(opened))) return false;
    await opened.asOwner(emptying);
    return true;
  })();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, 2 * patience, false);
  });
  try {
    return await Promise.race([emptied, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until no session except the owner's has running work. @returns false if that takes too long */
async function isQuiet({ asOwner }: OpenedDatabase): Promise<boolean> {
  const until = Date.now() + patience;
  for (;;) {
    const [{ busy } = { busy: 1 }] = await asOwner<{ busy: number }>(
      `select count(*)::int as busy from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
    );
    if (busy === 0) return true;
    if (Date.now() > until) return false;
  }
}

/** A hash of everything except rows that a test can change: tables, columns, triggers, functions, rules, rights. */
async function schemaOf({ asOwner }: OpenedDatabase): Promise<string> {
  const [row] = await asOwner<{ schema: string }>(`
    select md5(concat_ws(E'\\n',
      (select string_agg(concat_ws(' ', oid, relname, relkind, relacl, relowner, relrowsecurity, relforcerowsecurity), ',' order by oid)
         from pg_class where relnamespace = 'public'::regnamespace),
      (select string_agg(concat_ws(' ', attrelid, attnum, attname, atttypid, attnotnull, attacl), ',' order by attrelid, attnum)
         from pg_attribute join pg_class on pg_class.oid = attrelid where relnamespace = 'public'::regnamespace),
      (select string_agg(concat_ws(' ', oid, tgenabled), ',' order by oid) from pg_trigger),
      (select string_agg(concat_ws(' ', oid, xmin), ',' order by oid) from pg_proc where pronamespace = 'public'::regnamespace),
      (select string_agg(concat_ws(' ', oid, xmin), ',' order by oid) from pg_policy),
      (select string_agg(concat_ws(' ', oid, convalidated), ',' order by oid) from pg_constraint)
    )) as schema`);
  return row?.schema ?? "";
}
