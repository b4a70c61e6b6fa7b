import type { SealContext } from "#src/database/sealing";
import { gatewaySealContexts, hashSealContext } from "#src/delivery/planner/gateway-secrets";
import { clientSecretSealContext } from "#src/identity/external/provider";
import { totpSealContext } from "#src/identity/totp";

/** A column with values that only the installation's secret can decrypt. */
export interface SealedColumn {
  readonly table: string;
  readonly key: string;
  readonly column: string;
  readonly sealContextOf: (id: string) => SealContext;
}

/** All sealed columns; a test compares this list with the tables. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: "gateways", key: "gateway_id", column: "tag_key_sealed", sealContextOf: gatewaySealContexts.tagKey },
  { table: "gateways", key: "gateway_id", column: "probe_host_sealed", sealContextOf: gatewaySealContexts.probeHost },
  {
    table: "oidc_providers",
    key: "provider_id",
    column: "client_secret_sealed",
    sealContextOf: clientSecretSealContext,
  },
  { table: "totp_secrets", key: "user_id", column: "secret_sealed", sealContextOf: totpSealContext },
  { table: "security", key: "security_id", column: "hash_sealed", sealContextOf: hashSealContext },
];
