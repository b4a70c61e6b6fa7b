import { apiKeys } from "../../../drizzle/api-keys";

/** The columns that a verb reads: never the hash. */
export const keyColumns = {
  apiKeyId: apiKeys.apiKeyId,
  name: apiKeys.name,
  userId: apiKeys.userId,
  serviceAccountId: apiKeys.serviceAccountId,
  role: apiKeys.role,
  roleId: apiKeys.roleId,
  scopes: apiKeys.scopes,
  projectId: apiKeys.projectId,
  allowedIps: apiKeys.allowedIps,
  requestsPerMinute: apiKeys.requestsPerMinute,
  createdAt: apiKeys.createdAt,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
  lastUsedAt: apiKeys.lastUsedAt,
  lastUsedIp: apiKeys.lastUsedIp,
  rotatedTo: apiKeys.rotatedTo,
  providerId: apiKeys.providerId,
};

/** A key as a verb reads it. */
export type KeyRow = Pick<typeof apiKeys.$inferSelect, keyof typeof keyColumns>;
