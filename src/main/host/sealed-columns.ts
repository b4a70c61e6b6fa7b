import type { SealedPlace } from "../../database/sealing";
import { gatewayPlaces, hashPlace } from "../../delivery/planner/gateway-secrets";
import { clientSecretPlace } from "../../identity/external/provider";
import { totpPlace } from "../../identity/totp";

/** A column with values that only the installation's secret can decrypt. */
export interface SealedColumn {
  readonly table: string;
  readonly key: string;
  readonly column: string;
  readonly placeOf: (id: string) => SealedPlace;
}

/** All sealed columns; a test compares this list with the tables. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: "gateways", key: "gateway_id", column: "tag_key_sealed", placeOf: gatewayPlaces.tagKey },
  { table: "gateways", key: "gateway_id", column: "probe_host_sealed", placeOf: gatewayPlaces.probeHost },
  { table: "oidc_providers", key: "provider_id", column: "client_secret_sealed", placeOf: clientSecretPlace },
  { table: "totp_secrets", key: "user_id", column: "secret_sealed", placeOf: totpPlace },
  { table: "security", key: "security_id", column: "hash_sealed", placeOf: hashPlace },
];
