import postgres from "postgres";
import { driverOptions } from "#src/database/postgres-address";
import { connectionSettings } from "#src/database/session-settings";

/**
 * Opens a connection for a test, as the user of the URL. It has the product's settings, because the settings of the
 * test server would break it (see `hostile-settings.ts`).
 */
export function openAsOwner(url: string): postgres.Sql {
  const connection = connectionSettings("migrations", null);
  return postgres({ ...driverOptions(url), max: 1, onnotice: () => undefined, connection });
}
