import type { Signer } from "#src/database/signing";
import type { RandomBytes } from "#src/platform/values";

/** The contexts to which a gateway's sealed values are bound: `table:column:row`. */
export const gatewaySealContexts = {
  tagKey: (gatewayId: string) => `gateways:tag_key:${gatewayId}` as const,
  probeHost: (gatewayId: string) => `gateways:probe_host:${gatewayId}` as const,
};

/** The same context for a credential's hash. */
export const hashSealContext = (securityId: string) => `security:hash:${securityId}` as const;

export interface NewGatewaySecrets {
  /** The key of the gateway's tags: 32 bytes, base64url. */
  readonly tagKey: string;
  /** A secret host name under a top-level domain that never resolves. */
  readonly probeHost: string;
  /** Distinguishes revisions before and after a restore or a newly claimed folder. */
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
 * Derives the key that signs bundles for one gateway whose applier and prober run in another process. They receive only
 * this key, which cannot sign bundles of other gateways.
 */
export function deliveryKey(signer: Signer, gatewayId: string): string {
  return signer.sign("delivery", gatewayId);
}
