import { z } from "zod";

/** What a provider says of who signed in there. */
export interface Claims {
  /** The provider's own name for them; never given to another. */
  readonly subject: string;
  /** Lower-case; null where there is none that is an address. */
  readonly email: string | null;
  /** Whether the provider says that it is theirs. */
  readonly emailVerified: boolean;
  readonly name: string | null;
  readonly groups: readonly string[];
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

/** More groups than anybody has, and longer names than anybody gives. */
const Groups = z
  .array(z.string().max(500))
  .max(1_000)
  .or(z.string().transform((group) => [group]));

type Source = Readonly<Record<string, unknown>>;

/**
 * Reads the claims of a token whose signature was checked, and, for what it leaves out, of the userinfo endpoint.
 * An address and whether it is verified come from the same of the two.
 * @param groupsClaim the claim that holds the groups
 * @returns null without a subject
 */
export function readClaims(token: Source, userinfo: Source, groupsClaim: string): Claims | null {
  const subject = Subject.safeParse(token.sub);
  if (!subject.success) return null;
  const isWhole = token.email !== undefined && token.email_verified !== undefined;
  const addressed = isWhole || userinfo.email === undefined ? token : userinfo;
  const email = Email.safeParse(addressed.email);
  return {
    subject: subject.data,
    email: email.success ? email.data : null,
    // Some send it as text.
    emailVerified: email.success && (addressed.email_verified === true || addressed.email_verified === "true"),
    name: Name.catch("").parse(token.name ?? userinfo.name) || null,
    groups: Groups.catch([]).parse(token[groupsClaim] ?? userinfo[groupsClaim] ?? []),
  };
}

/** The part of an address after its last `@`. */
export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf("@") + 1);
}
