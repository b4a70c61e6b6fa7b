import type { EmailProof } from "../../platform/contract/email-proofs";

/** The parts of a provider that an explanation names. */
interface Explained {
  readonly emailProof: EmailProof;
  readonly groupsClaim: string;
}

const proofs: Readonly<Record<EmailProof, string>> = {
  email_verified:
    "The tokens hold no email_verified: true. Let the provider send it. Microsoft Entra ID has no such claim: add the optional claim xms_edov to the app registration and set emailProof to xms_edov, or, with the issuer of your own tenant, list your domains in trustedDomains and set emailProof to trusted_domains.",
  xms_edov:
    "The tokens hold no xms_edov: true. Add the optional claims email and xms_edov to the ID token of the app registration; the domain of the address has to be a verified domain of its tenant.",
  trusted_domains:
    "The domain of the address is not in trustedDomains, or the provider says that the address is not verified.",
};

/** The explanations for an administrator of a provider, by the reason of a refused sign-in. */
const explanations: Readonly<Record<string, (provider: Explained) => string>> = {
  email_unverified: ({ emailProof }) => proofs[emailProof],
  email_missing: () =>
    "The tokens hold no e-mail address. Ask for the scope email; for Microsoft Entra ID add the optional claim email to the ID token, and give the person an address in the directory.",
  email_domain_not_trusted: () =>
    "There is an account for the address, and its domain is not in trustedDomains. Add the domain where this provider may say whose accounts those are.",
  email_not_allowed: () => "The address is in none of allowedEmails and allowedDomains.",
  unknown_person: () => "There is no account for the address, and createsPersons is false.",
  not_a_member: () => "The person is no member of the organization, and has no open invitation.",
  group_not_allowed: () => "The groups of the person are not in allowedGroups.",
  no_role_for_groups: () => "groupRoles gives no role for the groups of the person.",
  groups_missing: ({ groupsClaim }) =>
    `The tokens hold no claim ${groupsClaim}, so that it is not known in which groups the person is. Let the provider send it, an empty list included, or name another groupsClaim.`,
  groups_overage: ({ groupsClaim }) =>
    `The person is in more groups than the provider puts into a token (_claim_names names ${groupsClaim}). For Microsoft Entra ID send only the groups assigned to the application, or application roles with groupsClaim set to roles.`,
  groups_malformed: ({ groupsClaim }) => `The claim ${groupsClaim} is no list of at most 1,000 texts.`,
  provider_unavailable: () => "The provider did not answer in time, or cannot be reached from this server.",
  discovery_issuer_mismatch: () =>
    "The provider calls itself by another issuer than the settings do. Compare both letter by letter; for Microsoft Entra ID use the issuer with the id of your tenant, not common or organizations.",
  discovery_invalid: () =>
    "What the provider says of itself (/.well-known/openid-configuration) lacks what a sign-in needs.",
  token_refused: () =>
    "The provider refused the code or the client: compare the client's id, secret and redirect address.",
  issuer_mismatch: () => "The token is of another issuer than the settings name.",
};

/** Reasons that depend on the visitor's browser and say nothing about the provider. */
const ofBrowsers =
  /^(?:state_|nonce_not_|pkce_|code_missing|provider_mismatch|provider_changed|access_denied|rate_limited)/;

/** Whether a refused sign-in tells the provider's administrator something about the provider. */
export function isAboutProvider(reason: string): boolean {
  return !ofBrowsers.test(reason);
}

/** Explains the reason of a refused sign-in, and what the provider's administrator can do. */
export function explainRefusal(reason: string, provider: Explained): string {
  const explain = Object.hasOwn(explanations, reason) ? explanations[reason] : undefined;
  return explain?.(provider) ?? `The answer of the provider was refused: ${reason}.`;
}
