import { eq } from "drizzle-orm";
import { security } from "#drizzle/security";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { UpdateCredential, UpdatedCredential } from "./contract";
import { credential } from "./resource";
import { credentialColumns, orDuplicateUsername, presentCredential } from "./rows";
import { hashKindOf, preparePassword, requireStillAccepted, requireUsername } from "./rules";

/**
 * Changes a credential's username, its password, or both. The new values replace the old ones in one file of one
 * delivery, so the application always has a working credential.
 * @throws Refusal `invalid_username` | `invalid_password` | `weak_password`
 * @throws Refusal `duplicate_username`
 */
export const update = operation(
  {
    name: "security.update",
    summary: "Change the username or password of a credential",
    permission: "security:update",
    on: credential,
    input: UpdateCredential,
    output: UpdatedCredential,
    errors: ["duplicate_username", "invalid_password", "invalid_username", "weak_password"],
    rest: { method: "PATCH", path: "/credentials/{securityId}" },
  },
  async (authorized, input) => {
    const { runtime } = authorized.request;
    return preparedUnitOfWork(
      authorized,
      async ({ object, organization }) => {
        if (input.username !== undefined) requireUsername(input.username);
        if (input.password === undefined) return null;
        return preparePassword(runtime, input.password, {
          username: input.username ?? object.username,
          ...hashKindOf(object.application),
          policy: organization.passwordPolicy,
          organizationId: organization.organizationId,
        });
      },
      async (work, password) => {
        const { application, securityId } = work.authorized.object;
        const { passwordPolicy: policy } = work.authorized.organization;
        if (password) requireStillAccepted(password, { ...hashKindOf(application), policy });
        const [row] = await work.tx
          .update(security)
          .set({
            ...(input.username === undefined ? {} : { username: input.username }),
            ...(password
              ? {
                  hashSealed: runtime.sealer.seal(`security:hash:${securityId}`, password.hash),
                  hashAlgorithm: password.algorithm,
                  hashCost: password.cost,
                  passwordChangedAt: work.now,
                }
              : {}),
          })
          .where(eq(security.securityId, securityId))
          .returning(credentialColumns)
          .catch((error: unknown) => orDuplicateUsername(error, input.username ?? ""));
        if (!row) throw new Refusal("not_found", authorized.named);
        work.audit(
          { kind: "credential", id: securityId },
          {
            ...(input.username === undefined ? {} : { username: [work.authorized.object.username, input.username] }),
            ...(password ? { password: "changed" } : {}),
          },
        );
        work.deliver({ gatewayId: application.gatewayId, applicationId: application.applicationId, closes: true });
        return { ...presentCredential(row, work.sync), warnings: [...(password?.warnings ?? [])] };
      },
    );
  },
);
