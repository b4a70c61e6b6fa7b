import { atProject, canGive, isOwn, reachOf } from "../../access/authorization";
import { findProjectGrants } from "../../access/member-grants";
import type { Permission } from "../../access/permissions";
import { personOf } from "../../access/principal";
import type { Work } from "../../access/unit-of-work";
import { Refusal } from "../../platform/errors/refusal";
import type { LocatedKey } from "./resource";

/**
 * Nobody revokes or changes a key that can do more than they can, at the organization or by its holder's role at any
 * project, but for one of their own.
 * @throws Refusal `key_above_own`
 */
export async function requireReach<P extends Permission>({
  tx,
  organizationId,
  authorized: { principal, organization, object },
}: Work<P, LocatedKey>): Promise<void> {
  if (isOwn(principal, object)) return;
  const ofHolder = await findProjectGrants(tx, organizationId, object.projectId === null ? object.userId : null);
  const own = await findProjectGrants(tx, organizationId, personOf(principal));
  const isAbove =
    !canGive(principal, organization, reachOf(object), object.projectId) ||
    [...ofHolder].some(([projectId, project]) => {
      const holder = object.holder && { ...object.holder, project };
      const reach = reachOf({ grant: object.grant, holder, projectId });
      return !canGive(atProject(principal, own.get(projectId) ?? null), organization, reach, projectId);
    });
  if (isAbove) throw new Refusal("key_above_own");
}
