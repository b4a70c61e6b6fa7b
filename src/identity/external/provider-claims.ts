import { z } from "zod";
import { type EmailProofSettings, isProven } from "./email-proof";

/** The claims of a provider about the person who signed in. */
export interface Claims {
  /** The provider's identifier of the person; never reused for another person. */
  readonly subject: string;
  /** Lower-case; null if there is no valid address. */
  readonly email: string | null;
  /** Whether the address is proven to be theirs, in the way that the provider's settings require. */
  readonly emailVerified: boolean;
  readonly name: string | null;
  /** The groups, possibly an empty list; or the reason why they are unknown. */
  readonly groups: readonly string[] | GroupsUnknown;
}

/**
 * Why a person's groups are unknown: the claim is absent; the provider says that the groups are elsewhere (Microsoft
 * Entra ID above 200 groups: `_claim_names`, `hasgroups`); or the claim is not a list of texts.
 */
export type GroupsUnknown = "groups_missing" | "groups_overage" | "groups_malformed";

export function isKnown(groups: Claims["groups"]): groups is readonly string[] {
  return typeof groups !== "string";
}

const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase());
const Subject = z.string().min(1).max(255);
const Name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((name) => !/\p{Cc}|\p{Cs}/u.test(name));

/** The limits are above any real number of groups and any real length of a name. One group can arrive as a text. */
const Groups = z
  .array(z.string().max(500))
  .max(1_000)
  .or(
    z
      .string()
      .min(1)
      .max(500)
      .transform((group) => [group]),
  );

type Source = Readonly<Record<string, unknown>>;

/**
 * Reads the claims of a token whose signature was verified. Claims that it omits are read from the userinfo endpoint.
 * An address and its proof come from the same of the two.
 * @param groupsClaim the claim that holds the groups
 * @returns null without a subject
 */
export function readClaims(
  token: Source,
  userinfo: Source,
  groupsClaim: string,
  proof: EmailProofSettings = { issuer: "", emailProof: "email_verified", trustedDomains: [] },
): Claims | null {
  const subject = Subject.safeParse(token.sub);
  if (!subject.success) return null;
  const claim = proof.emailProof === "trusted_domains" ? null : proof.emailProof;
  const isWhole = token.email !== undefined && (claim === null || token[claim] !== undefined);
  const addressed = isWhole || userinfo.email === undefined ? token : userinfo;
  const email = Email.safeParse(addressed.email);
  return {
    subject: subject.data,
    email: email.success ? email.data : null,
    emailVerified: email.success && isProven(proof, addressed, email.data),
    name: Name.catch("").parse(token.name ?? userinfo.name) || null,
    groups: readGroups(token, userinfo, groupsClaim),
  };
}

function readGroups(token: Source, userinfo: Source, claim: string): Claims["groups"] {
  if (isOverage(token, claim) || isOverage(userinfo, claim)) return "groups_overage";
  const value = own(token, claim) ?? own(userinfo, claim);
  if (value === undefined || value === null) return "groups_missing";
  const groups = Groups.safeParse(value);
  return groups.success ? groups.data : "groups_malformed";
}

/** Whether the provider says that the groups have to be requested elsewhere, instead of or in addition to a list. */
function isOverage(source: Source, claim: string): boolean {
  const elsewhere = own(source, "_claim_names");
  const isNamed = typeof elsewhere === "object" && elsewhere !== null && Object.hasOwn(elsewhere, claim);
  const hasGroups = own(source, "hasgroups");
  return isNamed || hasGroups === true || hasGroups === "true";
}

function own(source: Source, claim: string): unknown {
  return Object.hasOwn(source, claim) ? source[claim] : undefined;
}

/** The part of an address after its last `@`. */
export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf("@") + 1);
}
