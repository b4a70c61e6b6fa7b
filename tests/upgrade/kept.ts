import type { KeptAuthenticator } from "../support/authenticator";

/** What a dump of a database holds, so far as a test asks the upgraded product for it. Nothing of it is secret: the installations are of no use to anyone. */
export interface Kept {
  /** Of the product that made it. */
  readonly version: string;
  /** `PORTCULLIS_SECRET`. */
  readonly secret: string;
  /** An owner's API key of each organization, by its name. */
  readonly keys: Readonly<Record<string, string>>;
  /** What callers with less could do, by what they are called. */
  readonly otherKeys: Readonly<Record<string, string>>;
  readonly applications: readonly KeptApplication[];
  readonly people: readonly KeptPerson[];
  /** The tokens of invitations that are open, by the address that was invited. */
  readonly invitations: Readonly<Record<string, string>>;
  /** Of each organization by its name: the action and the object of every entry of its audit log, oldest first. */
  readonly audit: Readonly<Record<string, readonly KeptEntry[]>>;
  /** How many values are sealed, by table. */
  readonly sealed: Readonly<Record<string, number>>;
}

export interface KeptApplication {
  readonly applicationId: string;
  readonly organization: string;
  readonly host: string;
  /** As the API said it. */
  readonly exposure: string;
  /** Of its visitors: `name:password`. */
  readonly visitors: readonly string[];
}

export interface KeptPerson {
  readonly email: string;
  readonly password: string;
  /** Base32, where an authenticator app is enrolled. */
  readonly totp: string | null;
  readonly recoveryCodes: readonly string[];
  readonly passkey: KeptAuthenticator | null;
}

export interface KeptEntry {
  readonly auditId: string;
  readonly action: string;
  readonly outcome: string;
  readonly hash: string | null;
}

/** The public address of every dump. */
export const publicUrl = "https://portcullis.example.org";
