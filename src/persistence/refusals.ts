import { auditEntries } from "../../drizzle/audit";
import type { KeyPrincipal, SessionPrincipal } from "../core/authorization";
import type { Refusal } from "../core/errors";
import { hasFormOfId, newId } from "../core/ids";
import type { ObjectKind, Organization } from "../core/located";
import type { Request } from "./runtime";

/** What the audit log says of who acted; a key or a session that is no longer good is named all the same. */
type Actor =
  | Pick<KeyPrincipal, "kind" | "apiKeyId" | "name" | "userId" | "serviceAccountId">
  | (Pick<SessionPrincipal, "kind" | "sessionId" | "userId" | "email"> & { readonly methods: readonly string[] })
  | { readonly kind: "commandLine" };

/** Who acted, as columns of the audit log. */
export function actorColumns(request: Pick<Request, "requestId" | "ip">, actor: Actor) {
  const { requestId, ip } = request;
  const nobody = { actorId: null, actorName: null, apiKeyId: null, sessionId: null, authenticatedBy: null };
  if (actor.kind === "commandLine") return { ...nobody, actorKind: actor.kind, requestId, ip };
  if (actor.kind === "session") {
    const { userId: actorId, email: actorName, sessionId } = actor;
    const authenticatedBy = actor.methods.join(",");
    return { ...nobody, actorKind: "person" as const, actorId, actorName, sessionId, authenticatedBy, requestId, ip };
  }
  const { apiKeyId, name: actorName, userId, serviceAccountId } = actor;
  const actorKind = serviceAccountId === null ? ("apiKey" as const) : ("serviceAccount" as const);
  const actorId = serviceAccountId ?? userId ?? apiKeyId;
  return { ...nobody, actorKind, actorId, actorName, apiKeyId, authenticatedBy: "apiKey", requestId, ip };
}

/** Audits a refused try in the actor's organization, in a transaction of its own: what was refused left no other trace. */
export async function recordRefusal(
  request: Request,
  actor: Actor,
  organization: Pick<Organization, "organizationId">,
  refusal: Refusal,
  object: { readonly kind: ObjectKind; readonly id: string | null },
): Promise<void> {
  const { database, clock } = request.runtime;
  await database.transaction("tenant", organization.organizationId, (tx) =>
    tx.insert(auditEntries).values({
      auditId: newId("audit"),
      organizationId: organization.organizationId,
      ...actorColumns(request, actor),
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
