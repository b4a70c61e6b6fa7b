import type { EmailProof } from "#src/platform/contract/email-proofs";

/** The parts of a provider that an explanation names. */
interface ExplainedProvider {
  readonly emailProof: EmailProof;
  readonly groupsClaim: string;
}

const proofs: Readonly<Record<EmailProof, string>> = {
  email_verified:
    "The tokens do not contain email_verified: true. Configure the provider to send it. Microsoft Entra ID does not have this claim: add the optional claim xms_edov to the app registration and set emailProof to xms_edov, or, with the issuer of your own tenant, list your domains in trustedDomains and set emailProof to trusted_domains.",
  xms_edov:
    "The tokens do not contain xms_edov: true. Add the optional claims email and xms_edov to the ID token of the app registration; the domain of the address has to be a verified domain of its tenant.",
  trusted_domains:
    "The domain of the address is not in trustedDomains, or the provider says that the address is not verified.",
};

/** The explanations for an administrator of a provider, by the reason of a refused sign-in. */
const explanations: Readonly<Record<string, (provider: ExplainedProvider) => string>> = {
  email_unverified: ({ emailProof }) => proofs[emailProof],
  email_missing: () =>
    "The tokens do not contain an e-mail address. Request the scope email; for Microsoft Entra ID add the optional claim email to the ID token, and give the person an address in the directory.",
  email_domain_not_trusted: () =>
    "An account with this address exists, but its domain is not in trustedDomains. Add the domain if this provider is trusted to identify the owners of its addresses.",
  email_not_allowed: () => "The address is neither in allowedEmails nor in allowedDomains.",
  unknown_person: () => "No account with this address exists, and createsPersons is false.",
  not_a_member: () => "The person is not a member of the organization and has no open invitation.",
  group_not_allowed: () => "The groups of the person are not in allowedGroups.",
  no_role_for_groups: () => "groupRoles gives no role for the groups of the person.",
  groups_missing: ({ groupsClaim }) =>
    `The tokens do not contain the claim ${groupsClaim}, so the groups of the person are unknown. Configure the provider to send it, even if the list is empty, or set another groupsClaim.`,
  groups_overage: ({ groupsClaim }) =>
    `The person is in more groups than the provider puts into a token (_claim_names names ${groupsClaim}). For Microsoft Entra ID send only the groups assigned to the application, or application roles with groupsClaim set to roles.`,
  groups_malformed: ({ groupsClaim }) => `The claim ${groupsClaim} is not a list of at most 1,000 texts.`,
  provider_unavailable: () => "The provider did not answer in time, or cannot be reached from this server.",
  discovery_issuer_mismatch: () =>
    "The issuer in the provider's metadata differs from the configured issuer. Compare both character by character; for Microsoft Entra ID use the issuer with the id of your tenant, not common or organizations.",
  discovery_invalid: () =>
    "The provider's metadata (/.well-known/openid-configuration) lacks fields that a sign-in needs.",
  token_refused: () => "The provider refused the code or the client: compare the client's id, secret and redirect URI.",
  issuer_mismatch: () => "The issuer of the token differs from the configured issuer.",
};

/** Reasons that depend on the visitor's browser and say nothing about the provider. */
const browserReasons =
  /^(?:state_|nonce_not_|pkce_|code_missing|provider_mismatch|provider_changed|access_denied|rate_limited)/;

/** Whether a refused sign-in tells the provider's administrator something about the provider. */
export function isAboutProvider(reason: string): boolean {
  return !browserReasons.test(reason);
}

/** Explains the reason of a refused sign-in, and what the provider's administrator can do. */
export function explainRefusal(reason: string, provider: ExplainedProvider): string {
  const explain = Object.hasOwn(explanations, reason) ? explanations[reason] : undefined;
  return explain?.(provider) ?? `The response of the provider was refused: ${reason}.`;
}
