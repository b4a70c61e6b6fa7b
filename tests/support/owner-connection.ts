import postgres from "postgres";
import { connectionOptions } from "../../src/persistence/session-settings";

/**
 * A connection of a test, as the user of the URL. It has the product's settings: those that the server would give it
 * are set against everybody (see `hostile-settings.ts`).
 */
export function openAsOwner(url: string): postgres.Sql {
  const { url: address, connection } = connectionOptions(url, "migrations", null);
  return postgres(address, { max: 1, onnotice: () => undefined, connection });
}
