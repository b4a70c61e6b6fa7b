import type { KeptAuthenticator } from "../support/authenticator";

/**
 * The contents of an installation that a test checks after an upgrade. Nothing in it is secret, because the dumped
 * installations are not in use.
 */
export interface Kept {
  /** The version of the product that created the dump. */
  readonly version: string;
  /** `PORTCULLIS_SECRET`. */
  readonly secret: string;
  /** The API key of an owner of each organization, by the organization's name. */
  readonly keys: Readonly<Record<string, string>>;
  /** API keys of callers with fewer permissions, by the name of the caller. */
  readonly otherKeys: Readonly<Record<string, string>>;
  readonly applications: readonly KeptApplication[];
  readonly people: readonly KeptPerson[];
  /** The tokens of open invitations, by the invited address. */
  readonly invitations: Readonly<Record<string, string>>;
  /** The audit log of each organization, by the organization's name: every entry, oldest first. */
  readonly audit: Readonly<Record<string, readonly KeptEntry[]>>;
  /** The number of sealed values, by table. */
  readonly sealed: Readonly<Record<string, number>>;
}

export interface KeptApplication {
  readonly applicationId: string;
  readonly organization: string;
  readonly host: string;
  /** The state that the API returned. */
  readonly exposure: string;
  /** Its credentials, as `name:password`. */
  readonly visitors: readonly string[];
}

export interface KeptPerson {
  readonly email: string;
  readonly password: string;
  /** Base32, if an authenticator app is enrolled. */
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

/** The public address of every dumped installation. */
export const publicUrl = "https://portcullis.example.org";
