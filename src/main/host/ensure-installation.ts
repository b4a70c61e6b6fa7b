import { sql } from "drizzle-orm";
import { installation } from "../../../drizzle/installation";
import type { Database } from "../../database/database";
import { newId } from "../../platform/ids";

/** The secret of this process is not the one that this database's values are sealed with. */
export class AnotherSecret extends Error {
  override readonly name = "AnotherSecret";
  constructor() {
    super(
      "PORTCULLIS_SECRET (or the secret in the data folder) must be the one that this database was made with; a former one goes into PORTCULLIS_SECRET_PREVIOUS",
    );
  }
}

/** Any number that nobody else locks in this database. */
const installationLock = 7_402_118_337;

/** Which installation the database is, or null before its first start. */
export async function findInstallation(database: Database): Promise<string | null> {
  const [row] = await database.transaction("host", null, (tx) =>
    tx.select({ installationId: installation.installationId }).from(installation),
  );
  return row?.installationId ?? null;
}

/**
 * For who changes nothing: the database's secret is one of these.
 * @throws AnotherSecret
 */
export async function requireKnownSecret(database: Database, fingerprints: readonly string[]): Promise<void> {
  const [row] = await database.transaction("host", null, (tx) => tx.select().from(installation));
  if (row && !fingerprints.includes(row.secretFingerprint)) throw new AnotherSecret();
}

/**
 * The installation's id, made at the first start. Of processes that start at once with different secrets, one goes on.
 * @param fingerprints of the present secret, then of former ones: where the database knows one of those, it learns the present.
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
