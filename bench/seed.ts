import { randomBytes } from "node:crypto";
import { makeApiKey } from "../src/access/api-keys";
import { gatewaySealContexts, hashSealContext, newGatewaySecrets } from "../src/delivery/planner/gateway-secrets";
import { newId } from "../src/platform/ids";
import { hashForGateway } from "../src/platform/passwords/hash-for-gateway";
import type { Installation } from "./installation";

export interface SeededApplication {
  readonly applicationId: string;
  readonly host: string;
  /** Its only credential, which has the username `standing`. */
  readonly securityId: string;
}

export interface SeededOrganization {
  readonly organizationId: string;
  readonly gatewayId: string;
  /** The API key of an owner. */
  readonly key: string;
  readonly applications: readonly SeededApplication[];
}

export interface Seed {
  /** The number of organizations, distributed over the gateways: the local one, `gateway-2`, `gateway-3`, … */
  readonly organizations: number;
  readonly gateways?: number;
  /** The number of applications in each organization. */
  readonly applications: number;
  readonly upstream?: string;
}

export const standingPassword = "a standing visitor's password";

/** Fills a installation with bulk statements. Each application has a route with its own host and one credential. */
export function seed(installation: Installation, options: Seed): Promise<SeededOrganization[]> {
  return installation.fill(async ({ asOwner, sealer, gatewayId }) => {
    const insert = async (table: string, rows: readonly Record<string, unknown>[]) => {
      const columns = Object.keys(rows[0] ?? {}).join(", ");
      for (let at = 0; at < rows.length; at += 1_000) {
        await asOwner(
          `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1::text::jsonb)`,
          rows.slice(at, at + 1_000),
        );
      }
    };
    const created_at = new Date().toISOString();
    const gatewayIds = [gatewayId];
    for (let number = 2; number <= (options.gateways ?? 1); number++) {
      const gateway_id = newId("gateway");
      const secrets = newGatewaySecrets(randomBytes);
      gatewayIds.push(gateway_id);
      await insert("gateways", [
        {
          gateway_id,
          name: `gateway-${number}`,
          target: "file",
          address: installation.address,
          probe_address: installation.probeAddress,
          tag_key_sealed: sealer.seal(gatewaySealContexts.tagKey(gateway_id), secrets.tagKey),
          probe_host_sealed: sealer.seal(gatewaySealContexts.probeHost(gateway_id), secrets.probeHost),
          epoch: secrets.epoch,
          created_at,
        },
      ]);
    }
    const hash = await hashForGateway(standingPassword, "apr1", randomBytes, "bench");
    const upstream = options.upstream ?? "http://127.0.0.1:9";
    const seeded: SeededOrganization[] = [];
    for (let number = 0; number < options.organizations; number++) {
      const organization_id = newId("organization");
      const gateway_id = gatewayIds[number % gatewayIds.length] ?? gatewayId;
      const base = { organization_id, created_at };
      const project_id = newId("project");
      const environment_id = newId("environment");
      const key = makeApiKey(randomBytes);
      const applications = Array.from({ length: options.applications }, (_, index) => ({
        applicationId: newId("application"),
        securityId: newId("credential"),
        host: `a${index}.o${number}.bench.test`,
        group: Math.floor(index / 100),
      }));
      const named = (name: string) => ({ name, slug: name });
      const all = <T>(row: (one: (typeof applications)[number], index: number) => T) => applications.map(row);
      await insert("organizations", [
        {
          ...base,
          ...named(`org-${number}`),
          default_access: "protected",
          never_public: false,
          password_policy: "advise",
          upstreams: "any",
          root: number === 0,
        },
      ]);
      await insert("organization_gateways", [{ ...base, gateway_id }]);
      await insert("api_keys", [
        {
          ...base,
          api_key_id: newId("apiKey"),
          name: "bench",
          role: "owner",
          hash: key.hash,
          last_used_at: created_at,
        },
      ]);
      await insert("projects", [{ ...base, project_id, ...named("bench") }]);
      await insert("environments", [{ ...base, environment_id, project_id, ...named("bench"), kind: "production" }]);
      await insert(
        "applications",
        all(({ applicationId }, index) => ({
          ...base,
          application_id: applicationId,
          environment_id,
          gateway_id,
          ...named(`app-${index}`),
          access: "protected",
          hash_algorithm: "apr1",
        })),
      );
      await insert(
        "security",
        all(({ applicationId, securityId }) => ({
          ...base,
          security_id: securityId,
          application_id: applicationId,
          username: "standing",
          hash_sealed: sealer.seal(hashSealContext(securityId), hash),
          hash_algorithm: "apr1",
          password_changed_at: created_at,
        })),
      );
      await insert(
        "routes",
        all(({ applicationId, host }) => ({
          ...base,
          route_id: newId("route"),
          application_id: applicationId,
          gateway_id,
          host,
          path_prefix: "",
          upstreams: [{ url: upstream, given: upstream, serverName: null }],
          upstream_keys: [`bench ${number}`],
        })),
      );
      await insert(
        "claims",
        all(({ host, group }) => ({
          ...base,
          claim_id: newId("claim"),
          gateway_id,
          kind: "host",
          value: host,
          parent: host.slice(host.indexOf(".") + 1),
          wildcard: false,
          deny_group: group,
        })),
      );
      seeded.push({ organizationId: organization_id, gatewayId: gateway_id, key: key.key, applications });
    }
    await asOwner("analyze");
    return seeded;
  });
}
