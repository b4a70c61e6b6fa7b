import type { organizations } from "../../../drizzle/organizations";
import { type SyncTicket, unchanged } from "../../access/unit-of-work";
import type { Organization } from "./contract";

/** The public form of an organization. */
export function presentOrganization(
  row: typeof organizations.$inferSelect,
  sync: SyncTicket = unchanged,
): Organization {
  return {
    organizationId: row.organizationId,
    name: row.name,
    slug: row.slug,
    defaultAccess: row.defaultAccess,
    neverPublic: row.neverPublic,
    passwordPolicy: row.passwordPolicy,
    requireSecondFactor: row.requireSecondFactor,
    maxKeyDays: row.maxKeyDays,
    maxKeysPerMember: row.maxKeysPerMember,
    keyRequestsPerMinute: row.keyRequestsPerMinute,
    upstreams: row.upstreams,
    root: row.root,
    createdAt: row.createdAt.toISOString(),
    sync: { changeId: sync.changeId, state: sync.state },
  };
}
