import { canGive, isOwn, reachOf } from "../../core/authorization";
import { Forbidden } from "../../core/errors";
import type { ObjectKind } from "../../core/located";
import type { Permission } from "../../core/permissions";
import type { Authorized } from "../../persistence/authorized";

/**
 * Nobody revokes or changes a key that can do more than they can, but for one of their own.
 * @throws Forbidden `key_above_own`
 */
export function requireReach<P extends Permission>({
  principal,
  organization,
  object,
}: Authorized<P, Extract<ObjectKind, "apiKey">>): void {
  if (isOwn(principal, object)) return;
  if (canGive(principal, organization, reachOf(object), object.projectId)) return;
  throw new Forbidden("key_above_own", "This key can do more than you can.");
}
