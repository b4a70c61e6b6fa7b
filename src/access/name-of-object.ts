import type { Located, ObjectKind } from "./resources";

/** What people call an object of each kind; null for what has no name. */
const names: { readonly [K in ObjectKind]: (object: Located[K]) => string | null } = {
  person: ({ email }) => email,
  session: () => null,
  passkey: ({ name }) => name,
  organization: ({ name }) => name,
  member: ({ email }) => email,
  invitation: ({ email }) => email,
  role: ({ name }) => name,
  serviceAccount: ({ name }) => name,
  provider: ({ name }) => name,
  reach: () => null,
  project: ({ name }) => name,
  environment: ({ name }) => name,
  application: ({ name }) => name,
  credential: ({ username }) => username,
  route: ({ host, pathPrefix }) => `${host}${pathPrefix}`,
  claim: ({ value }) => value,
  gateway: ({ name }) => name,
  apiKey: ({ name }) => name,
  change: () => null,
  auditEntry: () => null,
};

/** What an object is called now, for the audit log. */
export function nameOfObject<K extends ObjectKind>(kind: K, object: Located[K]): string | null {
  return names[kind](object) || null;
}

const ids: { readonly [K in ObjectKind]: (object: Located[K]) => string } = {
  person: ({ userId }) => userId,
  session: ({ sessionId }) => sessionId,
  passkey: ({ passkeyId }) => passkeyId,
  organization: ({ organizationId }) => organizationId,
  member: ({ memberId }) => memberId,
  invitation: ({ invitationId }) => invitationId,
  role: ({ roleId }) => roleId,
  serviceAccount: ({ serviceAccountId }) => serviceAccountId,
  provider: ({ providerId }) => providerId,
  reach: ({ organizationId }) => organizationId,
  project: ({ projectId }) => projectId,
  environment: ({ environmentId }) => environmentId,
  application: ({ applicationId }) => applicationId,
  credential: ({ securityId }) => securityId,
  route: ({ routeId }) => routeId,
  claim: ({ claimId }) => claimId,
  gateway: ({ gatewayId }) => gatewayId,
  apiKey: ({ apiKeyId }) => apiKeyId,
  change: ({ changeId }) => changeId,
  auditEntry: ({ auditId }) => auditId,
};

/** The id of a located object. */
export function idOfObject<K extends ObjectKind>(kind: K, object: Located[K]): string {
  return ids[kind](object);
}
