import type { Target } from "./target";

/** The contents of `gateway.json`: the owner of the folder. */
export interface FolderClaim {
  readonly installationId: string;
  readonly gatewayId: string;
  readonly nonce: string;
}

/** The claim that the database means. It has no nonce before the first process has claimed a folder. */
export interface ExpectedClaim extends Omit<FolderClaim, "nonce"> {
  readonly nonce: string | null;
}

export interface ClaimedFolder {
  readonly nonce: string;
  /** The claim was created by this call. */
  readonly isNew: boolean;
}

/** The addresses on which a gateway listens, as `host:port`. */
export interface GatewayAddresses {
  readonly address: string;
  readonly probeAddress: string;
}

/** A process that leads a gateway, or attempts to. */
export interface Candidacy {
  readonly term: number;
  /** Its identity among the candidates. It is also the name of a folder. */
  readonly leaderId: string;
}

/** A term that has begun, for the folder with this claim. */
export interface Term extends Candidacy {
  readonly gatewayId: string;
  readonly nonce: string;
  readonly epoch: string;
  /** The digest of the last delivery that the database recorded as applied. The chain continues from it. */
  readonly digest: string;
}

/** The operations that a leader calls on the side that has the gateway's folder. An applier uses no database. */
export interface Applier {
  /** Checks that the folder is the expected one, and claims it if neither side has a claim yet. @throws WrongFolder */
  claim(expected: ExpectedClaim): Promise<ClaimedFolder>;
  /** Removes a claim that was written a moment ago. */
  disclaim(): Promise<void>;
  /** Creates everything that Traefik needs to start, and a staging folder for this candidate. */
  prepare(candidacy: Candidacy, addresses: GatewayAddresses): Promise<void>;
  /** Another process took the term: removes the candidate's staging folder. */
  withdraw(candidacy: Candidacy): Promise<void>;
  /** Begins a term. Its first act is to remove the staging folders of older terms. */
  begin(term: Term): Promise<Target>;
}
