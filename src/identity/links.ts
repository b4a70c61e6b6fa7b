import { and, eq, isNull } from "drizzle-orm";
import { users } from "#drizzle/members";
import { links } from "#drizzle/persons";
import type { Transaction } from "../database/database";
import { newId } from "../platform/ids";
import { hasPassed, later } from "../platform/moment";
import type { RandomBytes } from "../platform/values";
import { hashOfToken, isToken, newToken } from "./tokens";

/** What a link is for: the first set-up, a password, a password after the second factors were removed. */
export type LinkPurpose = "set_up" | "password" | "second_factor";

/** Why an unused link is no longer valid. */
export const linkEnds = ["command_line", "other_link", "password_change"] as const;

type LinkEnd = (typeof linkEnds)[number];

/** Thirty minutes. */
const linkSeconds = 1_800;

/** The owner of the links: a person, or an empty installation that is to be set up. */
type Whose = { readonly userId: string } | { readonly purpose: "set_up" };

export interface NewLink {
  readonly linkId: string;
  /** For the link only; never stored or logged. */
  readonly token: string;
  readonly expiresAt: Date;
}

/** Creates a link, and ends earlier ones for the same purpose. */
export async function insertLink(
  tx: Transaction,
  wanted: Whose & { readonly purpose: LinkPurpose },
  { now, random }: { readonly now: Date; readonly random: RandomBytes },
): Promise<NewLink> {
  const userId = "userId" in wanted ? wanted.userId : null;
  await endLinks(tx, userId === null ? { purpose: "set_up" } : { userId }, "other_link");
  const { token, hash } = newToken(random);
  const linkId = newId("link");
  const expiresAt = later(now, linkSeconds * 1_000);
  await tx.insert(links).values({ linkId, hash, purpose: wanted.purpose, userId, createdAt: now, expiresAt });
  return { linkId, token, expiresAt };
}

/** Ends unused links, and stores why. */
export async function endLinks(tx: Transaction, whose: Whose, endedBy: LinkEnd): Promise<void> {
  await tx
    .update(links)
    .set({ endedBy })
    .where(
      and(
        "userId" in whose ? eq(links.userId, whose.userId) : eq(links.purpose, whose.purpose),
        isNull(links.usedAt),
        isNull(links.endedBy),
      ),
    );
}

/** The page that accepts the link. The token is in the fragment, which no server and no log sees. */
export function linkUrl(publicOrigin: string, token: string): string {
  return `${publicOrigin}/setup#${token}`;
}

export interface FoundLink {
  readonly linkId: string;
  readonly purpose: LinkPurpose;
  /** Null for the set-up of an empty installation. */
  readonly person: { readonly userId: string; readonly email: string } | null;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly endedBy: string | null;
}

/**
 * The link of a token, or null.
 * @param lock locks it until the transaction ends, so that it is used once
 */
export async function findLink(tx: Transaction, token: string, lock = false): Promise<FoundLink | null> {
  if (!isToken(token)) return null;
  const query = tx
    .select({
      linkId: links.linkId,
      purpose: links.purpose,
      userId: links.userId,
      email: users.email,
      expiresAt: links.expiresAt,
      usedAt: links.usedAt,
      endedBy: links.endedBy,
    })
    .from(links)
    .leftJoin(users, eq(users.userId, links.userId))
    .where(eq(links.hash, hashOfToken(token)));
  const [row] = lock ? await query.for("update", { of: links }) : await query;
  if (!row) return null;
  const { userId, email, ...link } = row;
  return { ...link, person: userId !== null && email !== null ? { userId, email } : null };
}

/** Marks a link as used. The link has to be locked. */
export async function spendLink(tx: Transaction, { linkId }: FoundLink, now: Date): Promise<void> {
  await tx.update(links).set({ usedAt: now }).where(eq(links.linkId, linkId));
}

export type LinkState = "good" | "used" | "ended" | "expired" | "unknown";

/** Whether a link is valid now. A link that was used or ended has that state even after its expiry. */
export function stateOfLink(link: FoundLink | null, now: Date): LinkState {
  if (link === null) return "unknown";
  if (link.usedAt !== null) return "used";
  if (link.endedBy !== null) return "ended";
  return hasPassed(link.expiresAt, now) ? "expired" : "good";
}
