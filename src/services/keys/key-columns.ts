import { apiKeys } from "../../../drizzle/api-keys";

/** The columns that a verb reads: never the hash. */
export const keyColumns = {
  apiKeyId: apiKeys.apiKeyId,
  name: apiKeys.name,
  role: apiKeys.role,
  createdAt: apiKeys.createdAt,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
  lastUsedAt: apiKeys.lastUsedAt,
};
