import type { Target } from "./target";

/** What `gateway.json` says: whose folder this is. */
export interface FolderClaim {
  readonly installationId: string;
  readonly gatewayId: string;
  readonly nonce: string;
}

/** The claim that the database means; it has no nonce before the first process has claimed a folder. */
export interface ExpectedClaim extends Omit<FolderClaim, "nonce"> {
  readonly nonce: string | null;
}

export interface ClaimedFolder {
  readonly nonce: string;
  /** It was made now. */
  readonly isNew: boolean;
}

/** Where a gateway listens, as `host:port`. */
export interface GatewayAddresses {
  readonly address: string;
  readonly probeAddress: string;
}

/** A process that leads a gateway, or tries to. */
export interface Candidacy {
  readonly term: number;
  /** Who it is among those that could lead: it also names a folder. */
  readonly holder: string;
}

/** A term that has begun, for the folder with this claim. */
export interface Term extends Candidacy {
  readonly gatewayId: string;
  readonly nonce: string;
  readonly epoch: string;
  /** The digest of the last delivery that the database recorded as applied: the chain goes on from here. */
  readonly digest: string;
}

/** What a leader asks of the side that has the gateway's folder. It knows no database. */
export interface Applier {
  /** Makes sure that its folder is the one that is meant, and claims it where nothing is claimed yet. @throws WrongFolder */
  claim(expected: ExpectedClaim): Promise<ClaimedFolder>;
  /** Takes back a claim that was made a moment ago. */
  disclaim(): Promise<void>;
  /** Makes everything that Traefik needs to start, and a staging folder of this candidate. */
  prepare(candidacy: Candidacy, addresses: GatewayAddresses): Promise<void>;
  /** Another process took the term: removes the candidate's staging folder. */
  withdraw(candidacy: Candidacy): Promise<void>;
  /** First act of a term: takes the older terms' staging folders away. */
  begin(term: Term): Promise<Target>;
}
