import type { Logger } from "pino";
import type { Database } from "../database/database";
import type { Sealer } from "../database/sealing";
import type { Signer } from "../database/signing";
import type { Mailer } from "../platform/mail";
import type { Clock, HostWatch, RandomBytes, Resolver } from "../platform/values";
import type { Waits } from "../platform/waits";

/** What the process has, as values: the same for every request, and what a test replaces. */
export interface Runtime {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly signer: Signer;
  /** Whose log and checkpoints these are: `ins_…`. */
  readonly installationId: string;
  readonly signIn: SignInSettings;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly resolver: Resolver;
  /** Asked before a host is claimed. */
  readonly hostWatch: HostWatch;
  readonly log: Logger;
  /** In tests: an output with more than its schema, or a refusal that is not declared, fails the call. */
  readonly isStrict: boolean;
  /** Null where no mail server is set. */
  readonly mailer: Mailer | null;
  /** Addresses of this host's own interfaces, canonical. */
  readonly ownAddresses: () => readonly string[];
  /** Names of this host: what it is called, and what its hosts file calls it. Lower-case. */
  readonly ownNames: () => readonly string[];
  /** Where the control plane itself listens: no upstream may lead there. */
  readonly listensOn: readonly { readonly host: string; readonly port: number }[];
  /** Tells whoever delivers to these gateways that there is something to do; a hint, after the commit. */
  readonly wake: (gatewayIds: readonly string[]) => void;
  /** Somebody waits for this application to be seen enforced; a hint. */
  readonly prioritize: (applicationId: string) => void;
  /** The waits of this process for deliveries. */
  readonly waits: Waits;
}

/** How people sign in here, as the settings say. */
export interface SignInSettings {
  /** Where people reach it, as an origin: `https://portcullis.example.org`. */
  readonly publicOrigin: string;
  /** Loopback origins at which it also answers, for whoever is on the host: `http://127.0.0.1:3000`. */
  readonly localOrigins: readonly string[];
  readonly sameSite: "lax" | "strict";
  /** Networks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Sign-in by a header of a proxy in front; null while it is off. */
  readonly trustedHeader: TrustedHeader | null;
  /** In milliseconds: no answer to a sign-in comes sooner. */
  readonly answerFloorMs: number;
  /** API keys that can be made from one address in an hour; 0: any number. */
  readonly keyCreationsPerHour: number;
  /** In seconds. */
  readonly lifetimes: {
    readonly session: number;
    readonly remembered: number;
    readonly idle: number;
    readonly idleRemembered: number;
  };
}

/** Who may say in a header who somebody is, and in which. */
export interface TrustedHeader {
  /** Addresses and networks of the proxies; the socket's own address is one of them. */
  readonly proxies: readonly string[];
  readonly emailHeader: string;
  readonly nameHeader: string;
  readonly groupsHeader: string;
  /** Whether people are made on first sight. */
  readonly createsPersons: boolean;
  /** Group → built-in role in the root organization. */
  readonly groupRoles: Readonly<Record<string, string>>;
}
