import type { HostRuntime, HostWork } from "../../access/host-work";
import { insertLink, linkUrl } from "../../identity/links";

/** What a command that prints a link needs of the process. */
export interface LinkRuntime extends HostRuntime {
  /** Where people reach it: `https://portcullis.example.org`. */
  readonly publicOrigin: string;
}

/** A link by which its bearer chooses somebody's password: good once, for half an hour; earlier ones end. */
export async function insertPasswordLink(
  { tx, now, random }: HostWork,
  { publicOrigin }: LinkRuntime,
  userId: string,
  purpose: "password" | "second_factor",
): Promise<{ readonly url: string; readonly expiresAt: string }> {
  const { token, expiresAt } = await insertLink(tx, { purpose, userId }, { now, random });
  return { url: linkUrl(publicOrigin, token), expiresAt: expiresAt.toISOString() };
}
