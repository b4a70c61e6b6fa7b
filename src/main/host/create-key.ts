import { eq } from "drizzle-orm";
import { organizations } from "#drizzle/organizations";
import { type HostRuntime, hostWork } from "#src/access/host-work";
import { Refusal } from "#src/platform/errors/refusal";
import type { CreatedKey, CreateKey } from "./contract";
import { insertKey } from "./insert-key";

/**
 * Creates an API key for any organization. It restores access after the last key is lost.
 * @throws Refusal `no_such_organization`
 */
export function createKey(runtime: HostRuntime, input: CreateKey): Promise<CreatedKey> {
  return hostWork(runtime, "key.create", async (work) => {
    const [organization] = await work.tx
      .select({ organizationId: organizations.organizationId })
      .from(organizations)
      .where(eq(organizations.organizationId, input.organization))
      .for("key share");
    if (!organization) throw new Refusal("no_such_organization", { id: input.organization });
    const { name, role, expiresInDays } = input;
    return insertKey(work, { ...organization, userId: null, name, role, expiresInDays });
  });
}
