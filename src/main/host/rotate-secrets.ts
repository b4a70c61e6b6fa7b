import { sql } from "drizzle-orm";
import { installation } from "#drizzle/installation";
import { type HostRuntime, hostWork } from "#src/access/host-work";
import { rowsOf } from "#src/database/database";
import type { Sealer } from "#src/database/sealing";
import { Refusal } from "#src/platform/errors/refusal";
import type { RotatedSecrets } from "./contract";
import { type SealedColumn, sealedColumns } from "./sealed-columns";

/** The dependencies of the rotation. */
export interface RotationRuntime extends HostRuntime {
  /** Returns a sealer that knows the current secret and the previous ones. */
  readonly keys: () => Promise<{ readonly sealer: Sealer; readonly fingerprint: string }>;
}

/** Values per transaction: on the embedded database no transaction may last longer than 50 ms. */
const atOnce = 100;

/**
 * Re-encrypts all values sealed with a previous secret, in batches, while the server runs. An interrupted rotation can
 * be started again and continues with the rest. Values changed concurrently are left alone.
 * @throws Refusal `secret_not_in_force` no process has started with the current secret yet
 */
export async function rotateSecrets(runtime: RotationRuntime): Promise<RotatedSecrets> {
  const { sealer, fingerprint } = await runtime.keys();
  const resealed: Record<string, number> = {};
  let unreadable = 0;
  await requireInForce(runtime, fingerprint);
  for (const column of sealedColumns) {
    let cursor: string | null = "";
    while (cursor !== null) {
      const batch = await resealBatch(runtime, sealer, column, cursor);
      cursor = batch.next;
      unreadable += batch.unreadable;
      resealed[column.table] = (resealed[column.table] ?? 0) + batch.resealed;
    }
  }
  const total = Object.values(resealed).reduce((sum, count) => sum + count, 0);
  await hostWork(runtime, "secrets.rotate", async ({ tx, audit }) => {
    const [own] = await tx.select({ installationId: installation.installationId }).from(installation);
    const organizationId = own?.installationId ?? "";
    audit(organizationId, { kind: "organization", id: organizationId }, { total, unreadable });
  });
  return { total, resealed, unreadable };
}

/**
 * Checks that the current secret is in force: a process that knows only the previous secret could not read re-encrypted
 * values.
 */
async function requireInForce({ database }: RotationRuntime, fingerprint: string): Promise<void> {
  const rows = await database.transaction("host", null, (tx) => tx.select().from(installation));
  if (rows.some(({ secretFingerprint }) => secretFingerprint === fingerprint)) return;
  throw new Refusal("secret_not_in_force");
}

interface Batch {
  readonly resealed: number;
  /** Values that no known secret decrypts; they stay unchanged. */
  readonly unreadable: number;
  /** The last processed id; null at the end. */
  readonly next: string | null;
}

function resealBatch(
  { database }: RotationRuntime,
  sealer: Sealer,
  { table, key, column, sealContextOf }: SealedColumn,
  after: string,
): Promise<Batch> {
  const [from, id, value] = [sql.identifier(table), sql.identifier(key), sql.identifier(column)];
  return database.transaction("host", null, async (tx) => {
    const rows = rowsOf<{ id: string; sealed: string }>(
      await tx.execute(
        sql`select ${id} as id, ${value} as sealed from ${from}
            where ${id} > ${after}::text and not starts_with(${value}, ${sealer.currentPrefix}::text)
            order by ${id} limit ${atOnce}`,
      ),
    );
    const resealed = rows.flatMap((row) => {
      const opened = sealer.open(sealContextOf(row.id), row.sealed);
      return opened.ok
        ? [{ id: row.id, was: row.sealed, becomes: sealer.seal(sealContextOf(row.id), opened.plaintext) }]
        : [];
    });
    const written = rowsOf<{ id: string }>(
      await tx.execute(
        sql`update ${from} as t set ${value} = n.becomes
            from jsonb_to_recordset(${JSON.stringify(resealed)}::jsonb) as n (id text, was text, becomes text)
            where t.${id} = n.id and t.${value} = n.was returning n.id`,
      ),
    );
    return {
      resealed: written.length,
      unreadable: rows.length - resealed.length,
      next: rows.length === atOnce ? (rows.at(-1)?.id ?? null) : null,
    };
  });
}
