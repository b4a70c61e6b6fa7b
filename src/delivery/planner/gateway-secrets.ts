import type { Signer } from "../../database/signing";
import type { RandomBytes } from "../../platform/values";

/** Where a gateway's sealed values live: `table:column:row`. */
export const gatewayPlaces = {
  tagKey: (gatewayId: string) => `gateways:tag_key:${gatewayId}` as const,
  probeHost: (gatewayId: string) => `gateways:probe_host:${gatewayId}` as const,
};

/** A credential's hash, likewise. */
export const hashPlace = (securityId: string) => `security:hash:${securityId}` as const;

export interface NewGatewaySecrets {
  /** 32 bytes, base64url: what the gateway's tags are made with. */
  readonly tagKey: string;
  /** A host name that nobody else knows, under a top-level domain that never resolves. */
  readonly probeHost: string;
  /** Tells revisions before and after a restore or a newly claimed folder apart. */
  readonly epoch: string;
}

export function newGatewaySecrets(random: RandomBytes): NewGatewaySecrets {
  return {
    tagKey: random(32).toString("base64url"),
    probeHost: `p${random(20).toString("hex")}.invalid`,
    epoch: newEpoch(random),
  };
}

export function newEpoch(random: RandomBytes): string {
  return random(9).toString("base64url");
}

/**
 * What bundles for one gateway are signed with, where its applier and prober are in another process. They get this key
 * and no other: with it, bundles of other gateways cannot be made.
 */
export function deliveryKey(signer: Signer, gatewayId: string): string {
  return signer.sign("delivery", gatewayId);
}
