import { eq } from "drizzle-orm";
import { passwords } from "#drizzle/persons";
import { findRootOrganization, hostWork } from "#src/access/host-work";
import { insertOrganization } from "#src/features/organizations/rows";
import { Refusal } from "#src/platform/errors/refusal";
import type { CreatedOrganization, CreateOrganization } from "./contract";
import { insertKey } from "./insert-key";
import { insertPasswordLink, type LinkRuntime } from "./password-link";

/**
 * Creates an organization with its owner and an API key of the owner. If the e-mail address has an account, that person
 * becomes the owner. An owner without a password gets a link to choose one.
 * @throws Refusal `not_set_up` the first organization must be created by `setup`
 */
export function createOrganization(runtime: LinkRuntime, input: CreateOrganization): Promise<CreatedOrganization> {
  return hostWork(runtime, "organization.create", async (work) => {
    if ((await findRootOrganization(work.tx)) === null) {
      throw new Refusal("not_set_up");
    }
    const { name, owner: email, upstreams, expiresInDays } = input;
    const made = await insertOrganization(work, { name, email, ownerName: null, upstreams, root: false });
    const apiKey = await insertKey(work, { ...made, name: "first key", role: "owner", expiresInDays });
    const canSignIn = (await work.tx.$count(passwords, eq(passwords.userId, made.userId))) > 0;
    const link = canSignIn ? null : await insertPasswordLink(work, runtime, made.userId, "password");
    const { organizationId, userId } = made;
    return { organizationId, userId, apiKey, setupUrl: link?.url ?? null };
  });
}
