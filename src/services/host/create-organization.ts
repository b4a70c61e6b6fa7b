import type { CreatedOrganization, CreateOrganization } from "../../contracts/break-glass";
import { Conflict } from "../../core/errors";
import { findFoundingOrganization, type HostRuntime, hostWork } from "./host-work";
import { insertOrganization } from "./insert-organization";

/**
 * Makes an organization with its owner and a key of the owner's; an e-mail address that is known is that person.
 * @throws Conflict `not_set_up` the first organization is made by `setup`
 */
export function createOrganization(runtime: HostRuntime, input: CreateOrganization): Promise<CreatedOrganization> {
  return hostWork(runtime, "organization.create", async (work) => {
    if ((await findFoundingOrganization(work.tx)) === null) {
      throw new Conflict("not_set_up", 'Nothing is set up yet: the first organization is made by "setup".');
    }
    return insertOrganization(work, {
      name: input.name,
      email: input.owner,
      ownerName: null,
      upstreams: input.upstreams,
      founding: false,
      expiresInDays: input.expiresInDays,
    });
  });
}
