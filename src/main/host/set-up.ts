import { hostWork } from "#src/access/host-work";
import { insertOrganization } from "#src/features/organizations/rows";
import { requireEmpty } from "#src/features/organizations/rules";
import { endLinks } from "#src/identity/links";
import type { SetUp, SetUpDone } from "./contract";
import { insertKey } from "./insert-key";
import { insertPasswordLink, type LinkRuntime } from "./password-link";

/**
 * Creates the first operator, the root organization (its routes may target any address, including loopback), its first
 * API key, and a link with which the operator chooses a password. The key and the link are only in this output. The
 * set-up link that a start printed becomes invalid.
 * @throws Refusal `already_set_up`
 */
export function setUp(runtime: LinkRuntime, input: SetUp): Promise<SetUpDone> {
  return hostWork(runtime, "setup", async (work) => {
    await requireEmpty(work.tx);
    await endLinks(work.tx, { purpose: "set_up" }, "command_line");
    const { organizationId, userId } = await insertOrganization(work, {
      name: input.organization,
      email: input.email,
      ownerName: input.name ?? null,
      upstreams: "any",
      root: true,
    });
    const { expiresInDays } = input;
    const apiKey = await insertKey(work, { organizationId, userId, name: "first key", role: "owner", expiresInDays });
    const { url: setupUrl } = await insertPasswordLink(work, runtime, userId, "password");
    return { organizationId, userId, apiKey, setupUrl };
  });
}
