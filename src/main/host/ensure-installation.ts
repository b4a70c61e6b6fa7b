import { sql } from "drizzle-orm";
import { installation } from "#drizzle/installation";
import type { Database } from "#src/database/database";
import { newId } from "#src/platform/ids";

/** The values of this database are encrypted with another secret than that of this process. */
export class AnotherSecret extends Error {
  override readonly name = "AnotherSecret";
  constructor() {
    super(
      "PORTCULLIS_SECRET (or the secret in the data folder) must be the one that this database was made with; a former one goes into PORTCULLIS_SECRET_PREVIOUS",
    );
  }
}

/** An advisory lock number that no other code in this database uses. */
const installationLock = 7_402_118_337;

/** Returns the id of the database's installation, or null before the first start. */
export async function findInstallation(database: Database): Promise<string | null> {
  const [row] = await database.transaction("host", null, (tx) =>
    tx.select({ installationId: installation.installationId }).from(installation),
  );
  return row?.installationId ?? null;
}

/**
 * Checks, without a change, that the database's secret is one of these.
 * @throws AnotherSecret
 */
export async function requireKnownSecret(database: Database, fingerprints: readonly string[]): Promise<void> {
  const [row] = await database.transaction("host", null, (tx) => tx.select().from(installation));
  if (row && !fingerprints.includes(row.secretFingerprint)) throw new AnotherSecret();
}

/**
 * Returns the id of the installation, which the first start creates. If processes with different secrets start at the
 * same time, only one of them continues.
 * @param fingerprints the fingerprints of the current secret, then of the previous ones; if the database has a previous
 *   one, it is replaced by the current one
 * @throws AnotherSecret
 */
export function ensureInstallation(
  database: Database,
  fingerprints: readonly [string, ...string[]],
  now: Date,
): Promise<string> {
  const [present] = fingerprints;
  return database.transaction("host", null, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${installationLock}::bigint)`);
    const [row] = await tx.select().from(installation);
    if (!row) {
      const installationId = newId("installation");
      await tx.insert(installation).values({ installationId, secretFingerprint: present, createdAt: now });
      return installationId;
    }
    if (!fingerprints.includes(row.secretFingerprint)) throw new AnotherSecret();
    if (row.secretFingerprint !== present) await tx.update(installation).set({ secretFingerprint: present });
    return row.installationId;
  });
}
