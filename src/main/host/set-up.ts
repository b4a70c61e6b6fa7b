import { hostWork } from "../../access/host-work";
import { insertOrganization } from "../../features/organizations/rows";
import { requireEmpty } from "../../features/organizations/rules";
import { endLinks } from "../../identity/links";
import type { SetUp, SetUpDone } from "./contract";
import { insertKey } from "./insert-key";
import { insertPasswordLink, type LinkRuntime } from "./password-link";

/**
 * Makes the first operator, the root organization (its routes may lead anywhere, loopback included), its first key,
 * and the link by which the operator chooses a password. Key and link are in this answer alone. A set-up link that a
 * start has printed ends with it.
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
