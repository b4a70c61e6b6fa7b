import { auditEntries } from "../../drizzle/audit";
import type { Principal } from "../core/authorization";
import type { Refusal } from "../core/errors";
import { hasFormOfId, newId } from "../core/ids";
import type { ObjectKind, Organization } from "../core/located";
import type { Request } from "./runtime";

/** Who acted, as columns of the audit log. */
export function actorColumns(request: Request, principal: Principal) {
  return {
    actorKind: principal.kind,
    actorId: principal.kind === "apiKey" ? (principal.userId ?? principal.apiKeyId) : null,
    apiKeyId: principal.kind === "apiKey" ? principal.apiKeyId : null,
    requestId: request.requestId,
    ip: request.ip,
  };
}

/** Audits a refused try in the actor's organization, in a transaction of its own: what was refused left no other trace. */
export async function recordRefusal(
  request: Request,
  principal: Principal,
  organization: Pick<Organization, "organizationId">,
  refusal: Refusal,
  object: { readonly kind: ObjectKind; readonly id: string | null },
): Promise<void> {
  const { database, clock } = request.runtime;
  await database.transaction("tenant", organization.organizationId, (tx) =>
    tx.insert(auditEntries).values({
      auditId: newId("audit"),
      organizationId: organization.organizationId,
      ...actorColumns(request, principal),
      action: request.action,
      outcome: "refused",
      reason: refusal.reason,
      objectKind: object.kind,
      objectId: object.id === null ? null : recordable(object.id),
      createdAt: clock.now(),
    }),
  );
}

/** A caller's own text is not kept: whoever pastes a password into the wrong field would find it in the log for ever. */
function recordable(id: string): string {
  return hasFormOfId(id) ? id : "";
}
