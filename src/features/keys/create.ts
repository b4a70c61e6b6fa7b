import { apiKeys } from "#drizzle/api-keys";
import { firstVersion } from "#drizzle/columns";
import { makeApiKey } from "#src/access/api-keys";
import { canGive, isAllowed, permissionsOfGrant } from "#src/access/authorization";
import type { Organization } from "#src/access/organization";
import { type Grant, holds } from "#src/access/permissions";
import { requireGranted } from "#src/access/resolve-grant";
import { preparedUnitOfWork, type Work } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { type LocatedProject, project } from "../projects/resource";
import { CreatedKey, CreateKey } from "./contract";
import { type Holder, lockHolder, presentKey, requireRoom } from "./rows";
import { endOfKey, latestEnd, limitsOfNewKey, providerOf, takeKeyCreation } from "./rules";

/**
 * Creates an API key for the caller or for a service account. Only this response contains the key itself; the database
 * stores its hash.
 * @throws Refusal `role_above_own` | `role_above_account` | `above_making_key`: callers can only grant permissions that
 * they have
 * @throws Refusal `not_found` no such project, role or service account here
 * @throws Refusal `too_many_keys`
 * @throws Refusal `expires_in_the_past` | `expires_too_late` | `unknown_scope` | `not_a_network`
 * @throws Refusal `rate_limited` too many from this address
 */
export const create = operation(
  {
    name: "keys.create",
    summary: "Create an API key, for the organization or for one project",
    permission: "key:create",
    on: orCaller(project),
    input: CreateKey,
    output: CreatedKey,
    errors: [
      "above_making_key",
      "expires_in_the_past",
      "expires_too_late",
      "not_a_network",
      "role_above_account",
      "role_above_own",
      "too_many_keys",
      "unknown_scope",
    ],
    rest: { method: "POST", path: "/keys", status: 201 },
  },
  async (authorized, input) => {
    return preparedUnitOfWork(
      authorized,
      takeKeyCreation,
      async (work) => {
        const { principal, organization, request } = work.authorized;
        const projectId = input.projectId ?? null;
        const holder = await lockHolder(work, principal, input.serviceAccountId ?? null);
        const providerId = await providerOf(work, principal);
        if (input.serviceAccountId !== undefined) requireAccountRight(work);
        const { columns, grant } = await requireGranted(work.tx, work.organizationId, input);
        requireGivable(work, holder, grant, projectId);
        const { latest, ...limits } = await limitsOfNewKey(
          work.tx,
          principal,
          input,
          latestEnd(work.now, organization.maxKeyDays),
        );
        const expiresAt = endOfKey(input.expiresAt, work.now, latest);
        await requireRoom(work, holder, organization.maxKeysPerMember, work.now);

        const { key, hash } = makeApiKey(request.runtime.random);
        const { userId, serviceAccountId } = holder;
        const row = {
          apiKeyId: newId("apiKey"),
          name: input.name,
          userId,
          serviceAccountId,
          ...columns,
          projectId,
          ...limits,
          createdAt: work.now,
          version: firstVersion,
          expiresAt,
          revokedAt: null,
          lastUsedAt: null,
          lastUsedIp: null,
          rotatedTo: null,
          providerId,
        };
        await work.tx.insert(apiKeys).values({ ...row, organizationId: work.organizationId, hash });
        const { name } = row;
        const object = { kind: "apiKey" as const, id: row.apiKeyId, name };
        const whose = { serviceAccountId, projectId, ...limits, expiresAt: expiresAt.toISOString() };
        work.audit(object, { name, ...columns, ...whose });
        return { ...presentKey(row), key };
      },
      { lock: "share" },
    );
  },
);

type CreateWork = Work<"key:create", Organization | LocatedProject>;

/** A caller who creates an account's key can act as that account. @throws Refusal */
function requireAccountRight({ authorized: { principal, organization } }: CreateWork): void {
  const needed = "service-account:update";
  if (!isAllowed(principal, organization, needed)) {
    throw new Refusal("forbidden", { permission: needed });
  }
}

/** @throws Refusal `role_above_own` | `role_above_account` */
function requireGivable({ authorized }: CreateWork, { account }: Holder, grant: Grant, projectId: string | null): void {
  const { principal, organization } = authorized;
  const wanted = permissionsOfGrant(grant, projectId);
  if (!canGive(principal, organization, wanted, projectId)) {
    throw new Refusal("role_above_own", { subject: "API key" });
  }
  if (account !== null && !wanted.every((permission) => holds(account, permission))) {
    throw new Refusal("role_above_account");
  }
}
