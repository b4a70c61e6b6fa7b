import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import type { Database } from "./database";
import { drizzleDatabase } from "./drizzle-database";
import { withPreparedStatements } from "./prepared-statements";
import { connectionOptions } from "./session-settings";

/** How long to wait before a lost connection is tried again, in seconds; the pool doubles nothing on top. */
const reconnectAfter = 0.2;

/**
 * PostgreSQL 15 or newer.
 * @param url as `postgres://user:password@host:port/database`; without a password where the server trusts the peer.
 * @param connections size of the pool.
 * @param onStatement for measuring: told of every statement as it goes to the server.
 */
export function openPostgres(
  url: string,
  connections = 16,
  onStatement?: (text: string, parameters: readonly unknown[]) => void,
): Database {
  const { url: address, connection } = connectionOptions(url, "requests", "portcullis_gate");
  const client = postgres(address, {
    max: connections,
    backoff: () => reconnectAfter,
    connect_timeout: 5,
    onnotice: () => undefined,
    ...(onStatement ? { debug: (_connection, text, parameters) => onStatement(text, parameters) } : {}),
    connection,
  });
  return drizzleDatabase(drizzle(withPreparedStatements(client)), {
    kind: "postgres",
    listen: async (channel, onHint) => {
      const subscription = await client.listen(channel, onHint);
      return () => subscription.unlisten();
    },
    hint: async (channel, payload) => {
      await client.notify(channel, payload);
    },
    close: () => client.end({ timeout: 5 }),
  });
}
