import type { ObjectKind } from "../../access/resources";

/** Which object a request names: found before its input is judged, so that 401 and 404 come before 400. */
export type Locator<K extends ObjectKind> = (raw: unknown) => { readonly kind: K; readonly id: string | null } | null;

function textAt(raw: unknown, field: string): string | null | undefined {
  if (raw === undefined || raw === null) return null;
  if (typeof raw !== "object") return undefined;
  const value: unknown = Reflect.get(raw, field);
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") return undefined;
  return harmless.test(value) ? value : nowhere;
}

/** No id has other characters, and a database may refuse them: such text names nothing, like any id that is nobody's. */
const harmless = /^[\w-]{1,100}$/;
const nowhere = "";

/** The object whose id is in this field. */
const by =
  <K extends ObjectKind>(kind: K, field: string): Locator<K> =>
  (raw) => {
    const id = textAt(raw, field);
    return typeof id === "string" ? { kind, id } : null;
  };

/** The object whose id is in this field, or, without the field, what the second locator says. */
const byOr =
  <K extends ObjectKind, L extends ObjectKind>(kind: K, field: string, otherwise: Locator<L>): Locator<K | L> =>
  (raw) => {
    const id = textAt(raw, field);
    if (id === undefined) return null;
    return id === null ? otherwise(raw) : { kind, id };
  };

/** The caller's own organization, whatever the input says. */
const caller: Locator<"organization"> = () => ({ kind: "organization", id: null });

/** The same, with the projects at which the caller has a role: for a list of what they may see of it. */
const reach: Locator<"reach"> = () => ({ kind: "reach", id: null });

/** Whoever is signed in, and nobody else. */
const person: Locator<"person"> = () => ({ kind: "person", id: null });

export const of = {
  caller,
  reach,
  person,
  ownSession: by("session", "sessionId"),
  ownPasskey: by("passkey", "passkeyId"),
  organization: byOr("organization", "organizationId", caller),
  project: by("project", "projectId"),
  projectOrCaller: byOr("project", "projectId", caller),
  environment: by("environment", "environmentId"),
  environmentOrCaller: byOr("environment", "environmentId", caller),
  application: by("application", "applicationId"),
  applicationOrCaller: byOr("application", "applicationId", caller),
  applicationOrChange: byOr("application", "applicationId", by("change", "changeId")),
  credential: by("credential", "securityId"),
  route: by("route", "routeId"),
  claim: by("claim", "claimId"),
  gateway: by("gateway", "gatewayId"),
  gatewayOrCaller: byOr("gateway", "gatewayId", caller),
  apiKey: by("apiKey", "apiKeyId"),
  serviceAccount: by("serviceAccount", "serviceAccountId"),
  provider: by("provider", "providerId"),
  member: by("member", "memberId"),
  role: by("role", "roleId"),
  invitation: by("invitation", "invitationId"),
  auditEntry: by("auditEntry", "auditId"),
};
