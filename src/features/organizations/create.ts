import { eq } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { organizations } from "#drizzle/organizations";
import type { Organization } from "#src/access/organization";
import { actorColumns } from "#src/access/refusals";
import { unitOfWork, type Work } from "#src/access/unit-of-work";
import { insertLink, linkUrl } from "#src/identity/links";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { CreatedOrganization, CreateOrganization } from "./contract";
import { type HostAudit, insertOrganization, presentOrganization } from "./rows";

/**
 * Creates an organization with its first owner, as the host's command line does. It is recorded in the log of the root
 * organization and in the log of the new one. Only an owner whose account is created now gets a link to choose a
 * password: a link for an existing account would let the caller take it over.
 */
export const create = operation(
  {
    name: "organizations.create",
    summary: "Create an organization with its first owner",
    permission: "organization:create",
    on: caller,
    input: CreateOrganization,
    output: CreatedOrganization,
    errors: [],
    rest: { method: "POST", path: "/organizations", status: 201 },
  },
  async (authorized, { name, owner: email, upstreams }) => {
    const { random, signIn } = authorized.request.runtime;
    return unitOfWork(
      authorized,
      async (work) => {
        const { tx, now } = work;
        const done: Parameters<HostAudit>[] = [];
        const inserting = { tx, now, random, auditAs: (...entry: Parameters<HostAudit>) => void done.push(entry) };
        const wanted = { name, email, ownerName: null, upstreams, root: false };
        const { organizationId, userId, isNewUser } = await insertOrganization(inserting, wanted);
        await tx.insert(auditEntries).values(done.map((entry) => entryOf(work, entry)));
        const object = { kind: "organization", id: organizationId, name };
        work.audit(object, { name, owner: email, upstreams });
        const link = isNewUser ? await insertLink(tx, { userId, purpose: "password" }, { now, random }) : null;
        const [row] = await tx.select().from(organizations).where(eq(organizations.organizationId, organizationId));
        if (!row) throw new Refusal("not_found", { kind: "organization", id: organizationId });
        return {
          ...presentOrganization(row, work.sync),
          ownerId: userId,
          setupUrl: link === null ? null : linkUrl(signIn.publicOrigin, link.token),
        };
      },
      { role: "host", lock: "share" },
    );
  },
);

/** An entry in the log of the new organization. The person who created it belongs to the root organization. */
function entryOf(
  { authorized, now }: Work<"organization:create", Organization>,
  [organizationId, action, object, changed]: Parameters<HostAudit>,
): typeof auditEntries.$inferInsert {
  return {
    ...actorColumns(authorized.request, authorized.principal),
    auditId: newId("audit"),
    organizationId,
    action,
    outcome: "done",
    objectKind: object.kind,
    objectId: object.id,
    objectName: object.name ?? null,
    changed: changed ?? null,
    createdAt: now,
  };
}
