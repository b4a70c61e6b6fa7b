import { apiKeys } from "#drizzle/api-keys";
import { makeApiKey } from "#src/access/api-keys";
import type { HostWork } from "#src/access/host-work";
import type { Role } from "#src/access/permissions";
import { newId } from "#src/platform/ids";
import { later } from "#src/platform/moment";
import type { CreatedKey } from "./contract";

const day = 24 * 60 * 60 * 1000;

interface NewKey {
  readonly organizationId: string;
  readonly userId: string | null;
  readonly name: string;
  readonly role: Role;
  readonly expiresInDays: number | undefined;
}

/** Creates a key and stores its hash; only the return value contains the key. */
export async function insertKey(work: HostWork, wanted: NewKey): Promise<CreatedKey> {
  const { key, hash } = makeApiKey(work.random);
  const apiKeyId = newId("apiKey");
  const { organizationId, userId, name, role, expiresInDays } = wanted;
  const expiresAt = expiresInDays === undefined ? null : later(work.now, expiresInDays * day);
  await work.tx
    .insert(apiKeys)
    .values({ apiKeyId, organizationId, userId, name, role, hash, createdAt: work.now, expiresAt });
  work.auditAs(organizationId, "key.create", { kind: "apiKey", id: apiKeyId, name }, { name, role, expiresAt });
  return { apiKeyId, key };
}
