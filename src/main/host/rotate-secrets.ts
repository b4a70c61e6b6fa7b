import { sql } from "drizzle-orm";
import { installation } from "../../../drizzle/installation";
import { type HostRuntime, hostWork } from "../../access/host-work";
import { rowsOf } from "../../database/database";
import type { Sealer } from "../../database/sealing";
import { Refusal } from "../../platform/errors/refusal";
import type { RotatedSecrets } from "./contract";
import { type SealedColumn, sealedColumns } from "./sealed-columns";

/** What the rotation needs of the process. */
export interface RotationRuntime extends HostRuntime {
  /** Knows the present secret and the former ones. */
  readonly keys: () => Promise<{ readonly sealer: Sealer; readonly fingerprint: string }>;
}

/** Values of one transaction: on the embedded database none lasts longer than 50 ms. */
const atOnce = 100;

/**
 * Seals everything anew that is sealed with a former secret, a batch at a time, beside everything else. What is done
 * stays done: started again, it goes on with the rest. A value that somebody changes meanwhile is theirs.
 * @throws Refusal `secret_not_in_force` no process has started with the present secret yet
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
    audit(organizationId, "secrets.rotate", { kind: "organization", id: organizationId }, { total, unreadable });
  });
  return { total, resealed, unreadable };
}

/** A process that runs with the former secret alone could not read what is sealed from here on. */
async function requireInForce({ database }: RotationRuntime, fingerprint: string): Promise<void> {
  const rows = await database.transaction("host", null, (tx) => tx.select().from(installation));
  if (rows.some(({ secretFingerprint }) => secretFingerprint === fingerprint)) return;
  throw new Refusal("secret_not_in_force");
}

interface Batch {
  readonly resealed: number;
  /** No known secret opens them: they stay as they are. */
  readonly unreadable: number;
  /** The last id that was looked at; null at the end. */
  readonly next: string | null;
}

function resealBatch(
  { database }: RotationRuntime,
  sealer: Sealer,
  { table, key, column, placeOf }: SealedColumn,
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
    const anew = rows.flatMap((row) => {
      const opened = sealer.open(placeOf(row.id), row.sealed);
      return opened.ok
        ? [{ id: row.id, was: row.sealed, becomes: sealer.seal(placeOf(row.id), opened.plaintext) }]
        : [];
    });
    const written = rowsOf<{ id: string }>(
      await tx.execute(
        sql`update ${from} as t set ${value} = n.becomes
            from jsonb_to_recordset(${JSON.stringify(anew)}::jsonb) as n (id text, was text, becomes text)
            where t.${id} = n.id and t.${value} = n.was returning n.id`,
      ),
    );
    return {
      resealed: written.length,
      unreadable: rows.length - anew.length,
      next: rows.length === atOnce ? (rows.at(-1)?.id ?? null) : null,
    };
  });
}
