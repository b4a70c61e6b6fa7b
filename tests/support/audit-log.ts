import type { AuditLog } from "../../src/features/audit-log/rows";
import { newId } from "../../src/platform/ids";
import type { World } from "./world";

/** Reads a log without authorization, to verify it. */
export function logOf({ runtime }: Pick<World, "runtime">, organizationId: string): AuditLog {
  const { database, signer } = runtime;
  return { organizationId, signer, read: (body) => database.transaction("host", null, body) };
}

/** Inserts entries of an organization without any operation. */
export async function insertEntries(
  { db }: Pick<World, "db">,
  organizationId: string,
  count: number,
  { createdAt = new Date(), changed = '{"z": 1, "a": {"y": [1, {"c": 2, "b": null}]}}' } = {},
): Promise<void> {
  const ids = Array.from({ length: count }, () => newId("audit"));
  await db.asOwner(
    `insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, changed, created_at)
     select id, $1, 'system', $2, 'test', 'done', $3::text::jsonb, $4 from unnest($5::text[]) id`,
    [organizationId, newId("request"), changed, createdAt.toISOString(), `{${ids.join(",")}}`],
  );
}

/** Changes entries that no product code can change. */
export async function tamper({ db }: Pick<World, "db">, ...statements: readonly string[]): Promise<void> {
  await db.asOwner("alter table audit_entries disable trigger all");
  for (const statement of statements) await db.asOwner(statement);
  await db.asOwner("alter table audit_entries enable trigger all");
}
