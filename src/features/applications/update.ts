import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { security } from "#drizzle/security";
import { lockOrganization } from "#src/access/lock-organization";
import { unitOfWork } from "#src/access/unit-of-work";
import { beforeAndAfter } from "#src/audit/before-and-after";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { UpdateApplication, UpdatedApplication } from "./contract";
import type { LocatedApplication } from "./resource";
import { application } from "./resource";
import { presentWritten } from "./rows";
import { openedByAccess, opensNothing, requireConfirmed } from "./rules";

/**
 * Changes an application's name, access or hash algorithm. Changing the access of an application without credentials to
 * `public-when-empty` is an explicit action that makes it public (`becamePublic`), at the earliest when it is reopened if
 * it is closed by hand. It needs the digest of `applications.preview`.
 * @throws Refusal `never_public` | `confirmation_required` | `preview_changed` | `credentials_exist` all credentials share one algorithm, and existing ones cannot be
 * rehashed
 */
export const update = operation(
  {
    name: "applications.update",
    summary: "Change the name, access or hash algorithm of an application",
    permission: "application:update",
    on: application,
    input: UpdateApplication,
    output: UpdatedApplication,
    errors: ["confirmation_required", "credentials_exist", "never_public", "preview_changed"],
    rest: { method: "PATCH", path: "/applications/{applicationId}" },
  },
  async (authorized, input) => {
    return unitOfWork(authorized, async (work) => {
      const before = work.authorized.object;
      const { applicationId, gatewayId } = before;
      const { neverPublic } = await lockOrganization(work.tx, work.organizationId);
      const [credential] = await work.tx
        .select({ securityId: security.securityId })
        .from(security)
        .where(eq(security.applicationId, applicationId))
        .limit(1);
      const empty = credential === undefined;
      if (input.hashAlgorithm !== undefined && input.hashAlgorithm !== before.hashAlgorithm && !empty) {
        throw new Refusal("credentials_exist", { hashAlgorithm: input.hashAlgorithm });
      }
      const opening =
        input.access === "public-when-empty"
          ? await openedByAccess(work.tx, work.organizationId, [applicationId])
          : opensNothing(work.organizationId);
      const opens = opening.applications.length > 0;
      if (opens && neverPublic) throw new Refusal("never_public");
      requireConfirmed(opening, input.confirm);
      const becamePublic = opens && !before.isClosed;

      const changes = changesOf(before, input);
      const [row] = await work.tx
        .update(applications)
        .set({ ...changes, ...(opens ? { openedBy: "access" as const } : {}), name: input.name ?? before.name })
        .where(eq(applications.applicationId, applicationId))
        .returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      work.auditAs(
        becamePublic ? "applications.update.opened" : "applications.update",
        { kind: "application", id: applicationId },
        beforeAndAfter(before, changes),
      );
      if (Object.keys(changes).length > 0) {
        work.deliver({ gatewayId, applicationId, closes: before.access !== row.access && row.access === "protected" });
      }
      return {
        ...(await presentWritten(work.tx, { ...row, projectId: before.projectId }, work.now, work.sync)),
        becamePublic,
      };
    });
  },
);

/** The fields whose values change. */
function changesOf(
  before: LocatedApplication,
  input: UpdateApplication,
): Partial<Pick<LocatedApplication, "name" | "access" | "hashAlgorithm">> {
  return {
    ...(input.name !== undefined && input.name !== before.name ? { name: input.name } : {}),
    ...(input.access !== undefined && input.access !== before.access ? { access: input.access } : {}),
    ...(input.hashAlgorithm !== undefined && input.hashAlgorithm !== before.hashAlgorithm
      ? { hashAlgorithm: input.hashAlgorithm }
      : {}),
  };
}
