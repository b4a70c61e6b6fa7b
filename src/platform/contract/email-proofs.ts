/**
 * What proves that an e-mail address, which a provider names, belongs to the person:
 * - `email_verified`: the claim of OpenID Connect Core 1.0, section 5.1.
 * - `xms_edov`: the claim of Microsoft Entra ID that the owner of the domain has verified the address. Entra ID has no
 *   `email_verified`; `xms_edov` is an optional claim of the app registration.
 * - `trusted_domains`: the domain alone, for a provider that issues tokens for one tenant and has neither claim.
 */
export const emailProofs = ["email_verified", "xms_edov", "trusted_domains"] as const;

export type EmailProof = (typeof emailProofs)[number];
