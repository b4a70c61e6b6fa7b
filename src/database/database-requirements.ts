/** What a server reports about itself, the database and the connecting user. */
export interface DatabaseFacts {
  /** As in `server_version_num`: 150004. */
  readonly version: number;
  /** As in `server_version`: `15.4 (Debian 15.4-1)`. */
  readonly versionText: string;
  readonly encoding: string;
  readonly isStandby: boolean;
  /** The transaction of this query could not have written. */
  readonly isReadOnly: boolean;
  readonly user: string;
  readonly database: string;
  readonly isSuperuser: boolean;
  /** The connection limits of the user and of the database; −1 means no limit. */
  readonly userLimit: number;
  readonly databaseLimit: number;
  /** The connection limit of the server for users without special rights. */
  readonly serverLimit: number;
}

const oldestVersion = 15;

/**
 * Explains why this database cannot be used, in one sentence with a solution; null if it can be used.
 * @param connections the maximum number of connections of one process, including the one for notifications
 */
export function problemOfDatabase(facts: DatabaseFacts, connections: number): string | null {
  const database = quoted(facts.database);
  if (facts.version < oldestVersion * 10_000)
    return `PostgreSQL ${facts.versionText} is too old: Portcullis needs ${oldestVersion} or newer. Upgrade the server, or name another one in DATABASE_URL`;
  if (facts.isStandby)
    return "the server in DATABASE_URL is a standby, which accepts no writes. Give the address of the primary server";
  if (facts.isReadOnly)
    return `the database ${database} is read-only for this user (default_transaction_read_only). Run "alter database ${database} reset default_transaction_read_only" (and the same for the user), or name another server`;
  if (facts.encoding !== "UTF8")
    return `the database ${database} has the encoding ${facts.encoding}, and Portcullis needs UTF8. Create another one ("create database … encoding 'UTF8' template template0") and name it in DATABASE_URL`;
  return problemOfLimits(facts, connections);
}

function problemOfLimits(facts: DatabaseFacts, connections: number): string | null {
  const limits: readonly { of: string; limit: number; howToRaise: string }[] = [
    ...(facts.isSuperuser
      ? []
      : [
          {
            of: `the user ${quoted(facts.user)}`,
            limit: facts.userLimit,
            howToRaise: `alter role ${quoted(facts.user)} connection limit ${connections}`,
          },
          {
            of: `the database ${quoted(facts.database)}`,
            limit: facts.databaseLimit,
            howToRaise: `alter database ${quoted(facts.database)} connection limit ${connections}`,
          },
        ]),
    { of: "the server", limit: facts.serverLimit, howToRaise: "max_connections in postgresql.conf" },
  ];
  const tooLow = limits.find(({ limit }) => limit >= 0 && limit < connections);
  if (!tooLow) return null;
  return `${tooLow.of} allows ${tooLow.limit} connections, and this process opens up to ${connections}. Raise the limit (${tooLow.howToRaise}) or lower PORTCULLIS_DATABASE_CONNECTIONS (now ${connections - 1})`;
}

/** The rights of the connecting user where tables are created. */
export interface DatabaseRights {
  readonly user: string;
  readonly database: string;
  readonly hasPublicSchema: boolean;
  readonly mayCreateTables: boolean;
  readonly mayCreateSchemas: boolean;
}

/** Returns the missing right with the statement that grants it; null if none of these rights is missing. */
export function missingRight(rights: DatabaseRights): string | null {
  const [user, database] = [quoted(rights.user), quoted(rights.database)];
  const owner = `As an administrator, run "alter database ${database} owner to ${user}", then start again`;
  if (!rights.hasPublicSchema)
    return `the database ${database} has no schema public. As an administrator, run "create schema public authorization ${user}" in it, then start again`;
  if (!rights.mayCreateTables)
    return `the user ${user} may not create tables in the schema public of the database ${database}; from PostgreSQL 15 on only the database's owner may. ${owner}`;
  if (!rights.mayCreateSchemas) return `the user ${user} may not create schemas in the database ${database}. ${owner}`;
  return null;
}

/** Quotes an identifier for SQL if necessary. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""').replace(/\p{Cc}/gu, "")}"`;
}
