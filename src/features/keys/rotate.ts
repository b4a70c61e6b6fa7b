import { eq } from "drizzle-orm";
import { apiKeys } from "#drizzle/api-keys";
import { firstVersion } from "#drizzle/columns";
import { makeApiKey } from "#src/access/api-keys";
import { canGive, isAllowed, isOwnKey, permissionsOfGrant } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import { preparedUnitOfWork, type Work } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { earlier, hasExpired, later } from "#src/platform/moment";
import { RotatedKey, RotateKey } from "./contract";
import { apiKey, type LocatedKey } from "./resource";
import { keyColumns, lockHolder, presentKey } from "./rows";
import { endOfSuccessor, requireLimitsWithinOwn, takeKeyCreation } from "./rules";

/**
 * Creates a key that replaces another one, with the same limits and lifetime. The old key stays valid for the overlap,
 * its responses carry its expiry time, and then it expires. If a key rotates another key, the new key is limited as if
 * the calling key had created it.
 * @throws Refusal `not_your_key` | `role_above_own` | `above_making_key`
 * @throws Refusal `already_revoked` | `already_expired` | `already_rotated`
 * @throws Refusal `rate_limited` too many from this address
 */
export const rotate = operation(
  {
    name: "keys.rotate",
    summary: "Replace an API key with a new one; the old one stays valid for overlapSeconds",
    permission: "key:create",
    on: apiKey,
    input: RotateKey,
    output: RotatedKey,
    errors: [
      "above_making_key",
      "already_expired",
      "already_revoked",
      "already_rotated",
      "not_your_key",
      "role_above_own",
    ],
    rest: { method: "POST", path: "/keys/{apiKeyId}/rotate", status: 201 },
  },
  async (authorized, { overlapSeconds }) => {
    const rotate = async (work: Work<"key:create", LocatedKey>): Promise<RotatedKey> => {
      requireRotatable(work.authorized);
      const { apiKeyId, serviceAccountId } = work.authorized.object;
      // The holder is locked before the key, in the order in which a holder's keys are ended when the holder leaves.
      await lockHolder(work, work.authorized.principal, serviceAccountId);
      const its = eq(apiKeys.apiKeyId, apiKeyId);
      const [old] = await work.tx.select(keyColumns).from(apiKeys).where(its).for("no key update");
      if (!old) throw new Refusal("not_found", authorized.named);
      if (old.revokedAt) throw new Refusal("already_revoked");
      if (old.rotatedTo !== null) throw new Refusal("already_rotated");
      if (hasExpired(old.expiresAt, work.now)) throw new Refusal("already_expired");
      const { principal, organization, request } = work.authorized;
      const latest = isOwnKey(principal, old)
        ? null
        : (await requireLimitsWithinOwn(work.tx, principal, old)).expiresAt;
      const end = endOfSuccessor(old, work.now, organization.maxKeyDays);

      const { key, hash } = makeApiKey(request.runtime.random);
      const successor = {
        ...old,
        apiKeyId: newId("apiKey"),
        createdAt: work.now,
        version: firstVersion,
        expiresAt: latest === null ? end : earlier(end ?? latest, latest),
        lastUsedAt: null,
        lastUsedIp: null,
      };
      await work.tx.insert(apiKeys).values({ ...successor, organizationId: work.organizationId, hash });
      const overlapEnd = later(work.now, overlapSeconds * 1_000);
      const expiresAt = old.expiresAt === null ? overlapEnd : earlier(old.expiresAt, overlapEnd);
      const [rotated] = await work.tx
        .update(apiKeys)
        .set({ expiresAt, rotatedTo: successor.apiKeyId })
        .where(its)
        .returning(keyColumns);
      if (!rotated) throw new Refusal("not_found", authorized.named);
      work.audit(
        { kind: "apiKey", id: apiKeyId },
        {
          name: old.name,
          rotatedTo: successor.apiKeyId,
          expiresAt: [old.expiresAt?.toISOString() ?? null, expiresAt.toISOString()],
        },
      );
      return { ...presentKey(successor), key, rotated: presentKey(rotated) };
    };
    return preparedUnitOfWork(authorized, takeKeyCreation, rotate, { lock: "share" });
  },
);

/**
 * The rotation returns a key that acts as its holder, so only the person can rotate a person's key.
 * @throws Refusal
 */
function requireRotatable({ principal, organization, object }: Authorized<"key:create", LocatedKey>): void {
  const { userId, serviceAccountId, grant, projectId } = object;
  if (!isOwnKey(principal, object)) {
    const needed = serviceAccountId === null ? "key:update" : "service-account:update";
    if (userId !== null) throw new Refusal("not_your_key");
    if (!isAllowed(principal, organization, needed, needed === "key:update" ? projectId : null)) {
      throw new Refusal("forbidden", { permission: needed });
    }
  }
  if (!canGive(principal, organization, permissionsOfGrant(grant, projectId), projectId)) {
    throw new Refusal("role_above_own", { subject: "API key" });
  }
}
