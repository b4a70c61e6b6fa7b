import { security } from "../../../drizzle/security";

/** The columns that a verb reads: never the sealed hash, so that no answer can hold it by mistake. */
export const credentialColumns = {
  securityId: security.securityId,
  applicationId: security.applicationId,
  username: security.username,
  hashAlgorithm: security.hashAlgorithm,
  createdAt: security.createdAt,
  passwordChangedAt: security.passwordChangedAt,
  expiresAt: security.expiresAt,
  lastUsedAt: security.lastUsedAt,
};
