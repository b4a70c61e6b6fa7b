import { apiKeys } from "../../../drizzle/api-keys";
import type { CreatedKey, CreateKey } from "../../contracts/keys";
import { makeApiKey } from "../../core/api-keys";
import { canGive } from "../../core/authorization";
import { Forbidden, Invalid } from "../../core/errors";
import { newId } from "../../core/ids";
import { permissionsOf } from "../../core/permissions";
import type { Authorized } from "../../persistence/authorized";
import { unitOfWork } from "../../persistence/unit-of-work";
import { presentKey } from "./present-key";

/** How long a key lives unless it is said, in milliseconds: 90 days. */
const defaultLifeMs = 90 * 24 * 60 * 60 * 1000;

/** An offset can carry the last day of it into a year that ISO 8601 writes with five digits. */
const latestYear = 9999;

/**
 * Makes an API key of the organization. The key itself is in this one answer; its hash is stored.
 * @throws Forbidden `role_above_own` nobody gives what they do not have
 * @throws Invalid `expires_in_the_past` | `expires_too_late`
 */
export async function createKey(
  authorized: Authorized<"key:create", "organization">,
  input: CreateKey,
): Promise<CreatedKey> {
  return unitOfWork(
    authorized,
    async (work) => {
      const { principal, request } = work.authorized;
      if (!canGive(principal, work.authorized.organization, permissionsOf(input.role))) {
        throw new Forbidden("role_above_own", "A key cannot have a role above its maker's own.");
      }
      const expiresAt =
        input.expiresAt === undefined ? new Date(work.now.getTime() + defaultLifeMs) : new Date(input.expiresAt);
      if (expiresAt <= work.now) {
        throw new Invalid("expires_in_the_past", "A key has to expire in the future.", { expiresAt: "in_the_past" });
      }
      if (expiresAt.getUTCFullYear() > latestYear) {
        throw new Invalid("expires_too_late", `A key has to expire by the year ${latestYear}.`, {
          expiresAt: "too_late",
        });
      }
      const { key, hash } = makeApiKey(request.runtime.random);
      const row = {
        apiKeyId: newId("apiKey"),
        name: input.name,
        role: input.role,
        createdAt: work.now,
        expiresAt,
        revokedAt: null,
        lastUsedAt: null,
      };
      const userId = principal.kind === "commandLine" ? null : principal.userId;
      await work.tx.insert(apiKeys).values({ ...row, organizationId: work.organizationId, userId, hash });
      const { name, role } = row;
      work.audit(
        "keys.create",
        { kind: "apiKey", id: row.apiKeyId },
        { name, role, expiresAt: expiresAt.toISOString() },
      );
      return { ...presentKey(row), key };
    },
    { lock: "share" },
  );
}
