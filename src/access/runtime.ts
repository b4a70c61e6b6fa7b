import type { Logger } from "pino";
import type { Database } from "../database/database";
import type { Sealer } from "../database/sealing";
import type { Signer } from "../database/signing";
import type { Events } from "../platform/events";
import type { Mailer } from "../platform/mail";
import type { Clock, HostWatch, RandomBytes, Resolver, UpstreamWatch } from "../platform/values";
import type { Waits } from "../platform/waits";

/** The dependencies of the process as values. They are the same for every request, and a test replaces them. */
export interface Runtime {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly signer: Signer;
  /** The installation that owns these logs and checkpoints: `ins_…`. */
  readonly installationId: string;
  readonly signIn: SignInSettings;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly resolver: Resolver;
  /** Called before a host is claimed. */
  readonly hostWatch: HostWatch;
  /** Called when a person asks whether an upstream answers. */
  readonly upstreamWatch: UpstreamWatch;
  /** How to start the gateway of this machine; null while this process does not have the folder of that gateway. */
  readonly localGateway: () => LocalGateway | null;
  readonly log: Logger;
  /** In tests: the call fails if an output has more than its schema, or a refusal is not declared. */
  readonly isStrict: boolean;
  /** Null if no mail server is configured. */
  readonly mailer: Mailer | null;
  /** Addresses of this host's own interfaces, canonical. */
  readonly ownAddresses: () => readonly string[];
  /** Names of this host, in lower case: its host name, and its names in the hosts file. */
  readonly ownNames: () => readonly string[];
  /** Where the control plane itself listens. No upstream may point there. */
  readonly listensOn: readonly { readonly host: string; readonly port: number }[];
  /** Notifies the leaders of these gateways that there is work. It is a hint, sent after the commit. */
  readonly wake: (gatewayIds: readonly string[]) => void;
  /** Notifies the prober that a request waits until this application is enforced. It is a hint. */
  readonly prioritize: (applicationId: string) => void;
  /** Asks the leader of a gateway to probe this application now. It is a hint. */
  readonly prove: (gatewayId: string, applicationId: string) => void;
  /** The requests of this process that wait for deliveries. */
  readonly waits: Waits;
  /** The streams of events of this process. */
  readonly events: Events;
}

/** The gateway `local` of this process, for people who may see the paths of this machine. */
export interface LocalGateway {
  readonly folder: string;
  /** The command that starts Traefik with its files, for a shell. */
  readonly command: string;
}

/** The sign-in settings. */
export interface SignInSettings {
  /** The public URL, as an origin: `https://portcullis.example.org`. */
  readonly publicOrigin: string;
  /** Loopback origins at which it also answers, for people on the host: `http://127.0.0.1:3000`. */
  readonly localOrigins: readonly string[];
  readonly sameSite: "lax" | "strict";
  /** Networks of proxies whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[];
  /** Sign-in by a header of a proxy in front; null if it is off. */
  readonly trustedHeader: TrustedHeader | null;
  /** In milliseconds: the minimum duration of a response to a sign-in. */
  readonly responseFloorMs: number;
  /** The number of API keys that can be created from one address in an hour; 0 for no limit. */
  readonly keyCreationsPerHour: number;
  /** In seconds. */
  readonly lifetimes: {
    readonly session: number;
    readonly remembered: number;
    readonly idle: number;
    readonly idleRemembered: number;
  };
}

/** Which proxies may name the person in a header, and in which header. */
export interface TrustedHeader {
  /** Addresses and networks of the proxies. The address of the socket itself has to be among them. */
  readonly proxies: readonly string[];
  readonly emailHeader: string;
  readonly nameHeader: string;
  readonly groupsHeader: string;
  /** Whether an unknown person gets an account at the first sign-in. */
  readonly createsPersons: boolean;
  /** Group → built-in role in the root organization. */
  readonly groupRoles: Readonly<Record<string, string>>;
}
