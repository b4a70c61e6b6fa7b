import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { application } from "../applications/resource";
import { CreateCredential, CreatedCredential } from "./contract";
import { insertCredential, presentCredential } from "./rows";
import { hashKindOf, preparePassword, requireStillAccepted, requireUsername } from "./rules";

/**
 * Adds a basic-auth credential to an application.
 *
 * The visitor's password is hashed here and never stored. If it is omitted, it is generated, and only this response
 * contains it. The credential is effective once the change in `sync` is enforced (see `sync.wait`).
 * @throws Refusal `invalid_username` | `invalid_password` | `weak_password`
 * @throws Refusal `duplicate_username`
 */
export const create = operation(
  {
    name: "security.create",
    summary: "Add a credential (basic auth) to an application; without a password, one is generated",
    permission: "security:create",
    on: application,
    input: CreateCredential,
    output: CreatedCredential,
    errors: ["duplicate_username", "invalid_password", "invalid_username", "weak_password"],
    rest: { method: "POST", path: "/applications/{applicationId}/credentials", status: 201 },
  },
  async (authorized, input) => {
    const { runtime } = authorized.request;
    return preparedUnitOfWork(
      authorized,
      async ({ object, organization }) => {
        requireUsername(input.username);
        return preparePassword(runtime, input.password, {
          username: input.username,
          ...hashKindOf(object),
          policy: organization.passwordPolicy,
          organizationId: organization.organizationId,
        });
      },
      async (work, password) => {
        const { object: application, organization } = work.authorized;
        requireStillAccepted(password, { ...hashKindOf(application), policy: organization.passwordPolicy });
        const row = await insertCredential(work.tx, runtime.sealer, application, {
          username: input.username,
          password,
          now: work.now,
        });
        const { securityId: id, username } = row;
        work.audit({ kind: "credential", id, name: username }, { username });
        work.deliver({
          gatewayId: application.gatewayId,
          applicationId: application.applicationId,
          closes: application.openedBy !== null,
        });
        return {
          ...presentCredential(row, work.sync),
          warnings: [...password.warnings],
          ...(password.generated === undefined ? {} : { password: password.generated }),
        };
      },
    );
  },
);
