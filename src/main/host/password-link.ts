import type { HostRuntime, HostWork } from "#src/access/host-work";
import { insertLink, linkUrl } from "#src/identity/links";

/** The dependencies of a command that prints a link. */
export interface LinkRuntime extends HostRuntime {
  /** The public address: `https://portcullis.example.org`. */
  readonly publicOrigin: string;
}

/**
 * Creates a one-time link with which its bearer chooses a person's password. It is valid for half an hour, and ends
 * earlier links.
 */
export async function insertPasswordLink(
  { tx, now, random }: HostWork,
  { publicOrigin }: LinkRuntime,
  userId: string,
  purpose: "password" | "second_factor",
): Promise<{ readonly url: string; readonly expiresAt: string }> {
  const { token, expiresAt } = await insertLink(tx, { purpose, userId }, { now, random });
  return { url: linkUrl(publicOrigin, token), expiresAt: expiresAt.toISOString() };
}
