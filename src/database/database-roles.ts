/** Roles belong to the cluster, not to the database: several databases of one cluster share these. */
export const databaseRoles = [
  "portcullis_gate",
  "portcullis_tenant",
  "portcullis_sync",
  "portcullis_host",
  "portcullis_identity",
  "portcullis_retention",
] as const;

/** The SQL that a database administrator has to run if the connecting user may not create roles. */
function rolesByHand(user: string): string {
  return databaseRoles
    .map((role) => `create role ${role} nologin; grant ${role} to "${user.replaceAll('"', '""')}";`)
    .join("\n");
}

/** The connecting user may not create the missing roles. The message ends with the SQL to run. */
export class RolesMissing extends Error {
  override readonly name = "RolesMissing";
  constructor(user: string) {
    super(
      `the user in DATABASE_URL may not create roles. Run this as an administrator of the cluster, then start again:\n${rolesByHand(user)}`,
    );
  }
}

/** Runs one statement of plain SQL. */
type Execute = (statement: string) => Promise<unknown>;

/**
 * Creates the missing roles and makes the connecting user a member of them. Two databases of one cluster may do this at
 * the same moment, which no lock of one database prevents, so an object that already exists is not an error.
 * @throws RolesMissing if a role is missing and the user may not create roles
 */
export async function ensureRoles(execute: Execute): Promise<void> {
  for (const role of databaseRoles) {
    await execute(`do $$ begin
      if not exists (select 1 from pg_catalog.pg_roles where rolname = '${role}') then
        create role ${role} nologin;
      end if;
    exception when duplicate_object or unique_violation then null;
    end $$`);
    // From PostgreSQL 16 on, the creator of a role becomes its member at once, but may not yet take it with SET ROLE.
    await execute(`do $$ begin
      if not pg_catalog.pg_has_role(session_user, '${role}',
          case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
        execute format('grant ${role} to %I', session_user);
      end if;
    exception when unique_violation or internal_error then null;
    end $$`);
  }
}
