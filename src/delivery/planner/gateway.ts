import type { Sealer } from "#src/database/sealing";
import { VISITORS_ENTRY_POINT } from "#src/traefik/compiler/names";
import type { GatewayState } from "#src/traefik/compiler/state";
import type { GatewayRow } from "../leader/lease";
import { gatewaySealContexts } from "./gateway-secrets";

/** A gateway as the sync uses it: its row, with decrypted secrets. */
export interface Gateway {
  readonly gatewayId: string;
  readonly state: GatewayState;
  readonly address: string;
  readonly probeAddress: string;
  /** The host name on which the gateway states which delivery it serves. */
  readonly secretHost: string;
}

/** @throws Error if a secret cannot be decrypted; nothing can be compiled for this gateway then */
export function openGateway(row: GatewayRow, sealer: Sealer): Gateway {
  const tagKey = opened(sealer.open(gatewaySealContexts.tagKey(row.gatewayId), row.tagKeySealed), "tag key");
  const secretHost = opened(
    sealer.open(gatewaySealContexts.probeHost(row.gatewayId), row.probeHostSealed),
    "probe host",
  );
  return {
    gatewayId: row.gatewayId,
    state: {
      gatewayId: row.gatewayId,
      entryPoint: VISITORS_ENTRY_POINT,
      tagKey: Buffer.from(tagKey, "base64url"),
      tags: row.tags,
    },
    address: row.address,
    probeAddress: row.probeAddress,
    secretHost,
  };
}

function opened(value: ReturnType<Sealer["open"]>, what: string): string {
  if (!value.ok) throw new Error(`the gateway's ${what} cannot be decrypted (${value.reason})`);
  return value.plaintext;
}
