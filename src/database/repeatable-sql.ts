import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { databaseRoles } from "./database-roles";

/** One row of the table `repeatable_sql`: the text of a file that was last applied. */
export interface AppliedFile {
  readonly name: string;
  /** SHA-256, in hex. */
  readonly digest: string;
}

/** One connection, which can send several statements of plain SQL together. */
export interface SqlConnection {
  run(statements: string): Promise<unknown>;
  query(statement: string): Promise<readonly AppliedFile[]>;
}

/** One file of `drizzle/functions` or `drizzle/policies`, or a function that is derived from their names. */
export interface RepeatableFile {
  /** `functions/claim-host`, `policies/api-keys`. */
  readonly name: string;
  readonly text: string;
}

/** Functions come first, because policies call them. */
const folders = ["functions", "policies"] as const;

/**
 * Reads the current text of all functions and row-level policies.
 * @param folder the folder `drizzle` of the project
 */
export async function readRepeatableFiles(folder: string): Promise<RepeatableFile[]> {
  const files: RepeatableFile[] = [];
  for (const kind of folders) {
    const names = (await readdir(join(folder, kind))).filter((name) => name.endsWith(".sql")).sort();
    for (const name of names) {
      const text = await readFile(join(folder, kind, name), "utf8");
      files.push({ name: `${kind}/${name.slice(0, -".sql".length)}`, text });
    }
  }
  return [...files, { name: "functions/locate", text: locateFunction(files) }];
}

/**
 * Returns the text of the function that finds an object of any kind, with one branch for each file
 * `functions/locate-<kind>`. PostgreSQL plans a statement of a branch once per connection. It would plan dynamic SQL at
 * each call, which takes a third of the time of an authorization in the embedded database.
 */
function locateFunction(files: readonly RepeatableFile[]): string {
  const prefix = "functions/locate-";
  const kinds = files.flatMap(({ name }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  const branches = kinds.map((kind) => {
    const locator = kind.replaceAll("-", "_");
    return `    when '${locator}' then
      select l.object, l.project_id into object, project_id
        from portcullis_locate_${locator}(p_id, p_organization_id, p_principal, p_lock) l;`;
  });
  return `create or replace function portcullis_locate(p_resource text, p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  case p_resource
${branches.join("\n")}
  end case;
  return next;
end $$;

revoke execute on function portcullis_locate from public;
`;
}

/**
 * Applies each file whose text differs from the last applied one, all in one transaction. A file states everything
 * about its function or table: grants and policies of an earlier text are removed first.
 * @throws the error of the database; nothing has changed then
 */
export async function applyRepeatableSql(connection: SqlConnection, folder: string): Promise<void> {
  const applied = new Map(
    (await connection.query("select name, digest from repeatable_sql")).map(({ name, digest }) => [name, digest]),
  );
  const changed = (await readRepeatableFiles(folder))
    .map((file) => ({ ...file, digest: createHash("sha256").update(file.text).digest("hex") }))
    .filter(({ name, digest }) => applied.get(name) !== digest);
  if (changed.length === 0) return;
  const statements = changed.flatMap(({ name, text, digest }) => [
    resetStatement(name),
    text,
    `insert into repeatable_sql (name, digest) values ('${name}', '${digest}')
      on conflict (name) do update set digest = excluded.digest;`,
  ]);
  try {
    // A function may call another one that the transaction creates later.
    await connection.run(["begin; set local check_function_bodies = off;", ...statements, "commit;"].join("\n"));
  } catch (error) {
    await connection.run("rollback;").catch(() => undefined);
    throw error;
  }
}

/** Removes everything that a previously applied text may have granted. */
function resetStatement(name: string): string {
  const roles = databaseRoles.join(", ");
  const [kind = "", file = ""] = name.split("/");
  const object = file.replaceAll("-", "_");
  if (kind === "functions") {
    return `do $reset$ declare v_function regprocedure; begin
      for v_function in select p.oid from pg_catalog.pg_proc p
        where p.proname = 'portcullis_${object}' and p.pronamespace = 'public'::regnamespace
      loop execute format('revoke all on function %s from public, ${roles}', v_function); end loop;
    end $reset$;`;
  }
  return `do $reset$ declare v_policy name; begin
    for v_policy in select p.polname from pg_catalog.pg_policy p where p.polrelid = 'public.${object}'::regclass
    loop execute format('drop policy %I on ${object}', v_policy); end loop;
    revoke all on ${object} from public, ${roles};
  end $reset$;`;
}
